import { includes, sameBytes } from "./bytes.ts";
import { stayingTag } from "./succession.ts";
import { isSameWho, whoKey } from "./who.ts";
import type { Who } from "./who.ts";

/**
 * What one has known of others before: a name leads to an identity (SEALED.md: the server says who "bob" is, and could lie), an
 * identity to a user key. First seen is trusted. A pin that doesn't fit is one member's own knowledge, so it never rejects a
 * commit; it stops sending, and asks.
 */
export interface Pin {
  readonly who: Who;
  readonly userKey: Uint8Array;
  readonly level: TrustLevel;
  /** Milliseconds since 1970, of one's own clock: for people to read. */
  readonly since: number;
  /** What came before this key; null: nothing that is known. */
  readonly former: Former | null;
  /** Null: nobody has gone so under this key. */
  readonly departures: Departures | null;
}

/** Of the keys that a pinned key has succeeded (judge-succession.ts), or has taken the place of. */
export interface Former {
  /** The owner of each has signed another in its place. The newest first, at most 8. */
  readonly keys: readonly Uint8Array[];
  /** A person's own word has put another in the place of each: a yes, or numbers compared. The newest first, at most 8. */
  readonly replaced: readonly Uint8Array[];
  /** Tags of the devices that may still carry one of these keys (`stayingTag`). */
  readonly staying: readonly Uint8Array[];
  /** Ids of devices that were removed with these keys, the newest first, at most 64. */
  readonly removed: readonly Uint8Array[];
}

/**
 * Devices (by id) that were removed from a group while others of their person stayed there, without these having announced a new key; and
 * those that stayed (by their tags, `stayingTag`), with whom they have added since: they alone can still announce one. At most 64 of each.
 */
export interface Departures {
  readonly gone: readonly Uint8Array[];
  readonly left: readonly Uint8Array[];
}

/** A device as its leaf or key package shows it. */
export interface ShownDevice {
  readonly identity: Who;
  readonly userKey: Uint8Array;
  readonly deviceId: Uint8Array;
  readonly deviceKey: Uint8Array;
}

/** Keys that a pin remembers of each kind. */
export const MOST_KEYS = 8;
/** Removed devices that it remembers. */
export const MOST_REMOVED = 64;

export interface NamePin {
  readonly name: string;
  readonly who: Who;
}

/** From the least to the most: first seen; compared by hand. */
export const TRUST_LEVELS = ["unverified", "compared"] as const;
export type TrustLevel = (typeof TRUST_LEVELS)[number];

export type KeyVerdict =
  | { readonly kind: "first-use" }
  | { readonly kind: "known"; readonly level: TrustLevel }
  /** Its person has removed it, and it is still to be seen. */
  | { readonly kind: "removed-device" }
  | { readonly kind: "changed-key"; readonly pinned: Pin; readonly seen: Uint8Array };

export type NameVerdict =
  | { readonly kind: "first-use" }
  | { readonly kind: "known" }
  | { readonly kind: "remapped-name"; readonly pinned: Who; readonly seen: Who };

/**
 * What the pin of that identity, or its absence, says about a device that is shown as theirs. Under a former key only those devices are known
 * that the key's owner has named as staying.
 */
export function judgeKey(pin: Pin | null, { identity: who, userKey, deviceId, deviceKey }: ShownDevice): KeyVerdict {
  if (pin === null) return { kind: "first-use" };
  if (!isSameWho(pin.who, who)) throw new TypeError(`the pin of ${whoKey(pin.who)} says nothing about ${whoKey(who)}`);
  const { former } = pin;
  const isTheirs = sameBytes(pin.userKey, userKey);
  const wasTheirs = former !== null && includes(former.keys, userKey);
  if ((isTheirs || wasTheirs) && includes(former?.removed ?? [], deviceId)) return { kind: "removed-device" };
  if (isTheirs) return { kind: "known", level: pin.level };
  if (wasTheirs && includes(former.staying, stayingTag(deviceId, deviceKey)))
    return { kind: "known", level: pin.level };
  return { kind: "changed-key", pinned: pin, seen: userKey };
}

/** What the pin of that name says about whom the server calls so now. */
export function judgeName(pin: NamePin | null, name: string, who: Who): NameVerdict {
  if (pin === null) return { kind: "first-use" };
  if (foldName(pin.name) !== foldName(name)) throw new TypeError(`the pin of ${pin.name} says nothing about ${name}`);
  return isSameWho(pin.who, who) ? { kind: "known" } : { kind: "remapped-name", pinned: pin.who, seen: who };
}

/** The pin that a first use makes: nobody has verified that key. */
export function pinOf(who: Who, userKey: Uint8Array, since: number): Pin {
  return { who, userKey: Uint8Array.from(userKey), level: "unverified", since, former: null, departures: null };
}

/**
 * The pin that a person's own word makes in another's place: nobody has verified that key. The keys before it are remembered as not theirs, so
 * that this is no first sight. Whom the owner of the other key has removed is not: that may have been a thief of it.
 */
export function inPlaceOf(pin: Pin, userKey: Uint8Array, since: number): Pin {
  const without = (keys: readonly Uint8Array[]) => keys.filter((key) => !sameBytes(key, userKey)).slice(0, MOST_KEYS);
  const { keys, replaced } = pin.former ?? { keys: [], replaced: [] };
  const former = { keys: without(keys), staying: [], removed: [], replaced: without([pin.userKey, ...replaced]) };
  return { ...pinOf(pin.who, userKey, since), former };
}

/** Whether the pinned key has come after that one. */
export function isEarlier({ former }: Pin, userKey: Uint8Array): boolean {
  return former !== null && includes([...former.keys, ...former.replaced], userKey);
}

/** The same pin at that level, if the key verified is the pinned one; a lower level than it has takes nothing away. */
export function verified(pin: Pin, userKey: Uint8Array, level: TrustLevel): Pin | null {
  if (!sameBytes(pin.userKey, userKey)) return null;
  return TRUST_LEVELS.indexOf(level) > TRUST_LEVELS.indexOf(pin.level) ? { ...pin, level } : pin;
}

/** Names are compared without regard to the case of ASCII letters, as the server does. */
export function foldName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
