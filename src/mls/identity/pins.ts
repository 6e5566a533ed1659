import { sameBytes } from "./bytes.ts";
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
}

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
  | { readonly kind: "changed-key"; readonly pinned: Pin; readonly seen: Uint8Array };

export type NameVerdict =
  | { readonly kind: "first-use" }
  | { readonly kind: "known" }
  | { readonly kind: "remapped-name"; readonly pinned: Who; readonly seen: Who };

/** What the pin of that identity, or its absence, says about a key that is shown as theirs. */
export function judgeKey(pin: Pin | null, who: Who, userKey: Uint8Array): KeyVerdict {
  if (pin === null) return { kind: "first-use" };
  if (!isSameWho(pin.who, who)) throw new TypeError(`the pin of ${whoKey(pin.who)} says nothing about ${whoKey(who)}`);
  if (sameBytes(pin.userKey, userKey)) return { kind: "known", level: pin.level };
  return { kind: "changed-key", pinned: pin, seen: userKey };
}

/** What the pin of that name says about whom the server calls so now. */
export function judgeName(pin: NamePin | null, name: string, who: Who): NameVerdict {
  if (pin === null) return { kind: "first-use" };
  if (foldName(pin.name) !== foldName(name)) throw new TypeError(`the pin of ${pin.name} says nothing about ${name}`);
  return isSameWho(pin.who, who) ? { kind: "known" } : { kind: "remapped-name", pinned: pin.who, seen: who };
}

/** The pin that a first use makes, or a person's own yes to a changed key: nobody has verified that key. */
export function pinOf(who: Who, userKey: Uint8Array, since: number): Pin {
  return { who, userKey: Uint8Array.from(userKey), level: "unverified", since };
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
