import { includes, sameBytes } from "./bytes.ts";
import { isEarlier, judgeKey, MOST_KEYS, MOST_REMOVED } from "./pins.ts";
import type { Departures, Former, Pin, ShownDevice } from "./pins.ts";
import { readStatement, stayingTag } from "./succession.ts";
import type { Statement } from "./succession.ts";
import { isSameWho, whoKey } from "./who.ts";

/** A commit of somebody's device, as far as it concerns that person: the group's own signature proves who made it. */
export interface Announcement {
  /** The commit's authenticated data. */
  readonly statement: Uint8Array;
  /** The committer, as its leaf was before. */
  readonly announcer: ShownDevice;
  /** Whether it was in the group before: who comes in by the very commit was not. */
  readonly wasMember: boolean;
  /** Ids of this person's devices that the commit removes. */
  readonly removed: readonly Uint8Array[];
  /** Those that are in the group behind it, each as its leaf was before. */
  readonly present: readonly ShownDevice[];
  /** The device that judges, where it is of this very person: their key was confirmed to it, never seen first. Null: it is somebody else's. */
  readonly own: NamedDevice | null;
}

export type Succession =
  /** The pin to have from now on. `known`: it is of the statement's new key already, and may have learnt of the old one. */
  | { readonly kind: "accepted" | "known"; readonly pin: Pin; readonly statement: Statement }
  | { readonly kind: "refused"; readonly why: RefusedWhy };

export type RefusedWhy =
  | "malformed"
  | "signature"
  | "not-the-pinned-key"
  | "former-key"
  | "announcer-not-staying"
  | "announcer-unknown"
  | "announcer-is-new"
  | "nothing-removed"
  | "removed-device-still-in"
  | "device-unnamed"
  | "own-device-not-staying";

/** What tells a device from each other one, whatever record it shows. */
export type NamedDevice = Pick<ShownDevice, "deviceId" | "deviceKey">;

/**
 * Whether a peer takes the new key for the pinned one's successor. Whoever holds the old key can write a statement, a removed device too. So it
 * counts only in a commit of a device that was in the group before, that the statement itself names as staying, and that is not new there since
 * a device of this person went without a word; and only when a device that the statement names has been removed, by this very commit or before.
 * What is refused changes nothing: a leaf under the new key is a changed key then.
 *
 * Of a key that is known from first sight alone the removal isn't asked for, since it may lie before that sight: who comes into a group where a
 * device that was away still shows the former key would take that for the person's, and the present one for a changed key. It is enough that
 * none of the named is there, and that each device of the person's that is has the new key or stays by name: else one commit of a stolen phone
 * would make all the others' keys changed ones. Nobody but the holder of the pinned key gains by that, and whoever has it is taken for the person
 * as it is. Not so of one's own person: by this a device takes a new user key for itself, and whoever was removed would give it theirs. It follows
 * only a statement that names itself as staying.
 *
 * No key is taken that the pinned one has come after: by way of it a removed device would be known again.
 *
 * Of the pinned key's own word about a key before it nothing of this is asked: it is its owner who vouches for the devices that stay.
 */
export function judgeSuccession(pin: Pin, announcement: Announcement): Succession {
  const { announcer } = announcement;
  if (!isSameWho(pin.who, announcer.identity)) {
    throw new TypeError(`the pin of ${whoKey(pin.who)} says nothing about ${whoKey(announcer.identity)}`);
  }
  const read = readStatement(announcement.statement, pin.who);
  if (!read.ok) return refused(read.fault);
  const { statement } = read;
  if (sameBytes(pin.userKey, statement.next)) return { kind: "known", pin: taught(pin, statement), statement };
  const why = objection(pin, statement, announcement);
  return why === null ? { kind: "accepted", pin: succeeded(pin, statement), statement } : refused(why);
}

function objection(pin: Pin, statement: Statement, announcement: Announcement): RefusedWhy | null {
  const { announcer, wasMember, removed, present, own } = announcement;
  const { userKey } = announcer;
  if (!sameBytes(pin.userKey, statement.old)) return "not-the-pinned-key";
  if (isEarlier(pin, statement.next)) return "former-key";
  if (!stays(statement, announcer)) return "announcer-not-staying";
  // Its leaf may carry the new key already.
  if (!sameBytes(userKey, statement.next) && judgeKey(pin, announcer).kind !== "known") return "announcer-unknown";
  if (!wasMember || !mayAnnounce(pin, announcer)) return "announcer-is-new";
  if (present.some((leaf) => includes(statement.removed, leaf.deviceId))) return "removed-device-still-in";
  if (own !== null && !stays(statement, own)) return "own-device-not-staying";
  if (own === null && isFirstSight(pin)) {
    const isNamed = (leaf: ShownDevice) => sameBytes(leaf.userKey, statement.next) || stays(statement, leaf);
    return present.every(isNamed) ? null : "device-unnamed";
  }
  const gone = [...removed, ...(pin.departures?.gone ?? [])];
  return statement.removed.some((id) => includes(gone, id)) ? null : "nothing-removed";
}

/** Whether a new key may come from this device: nobody went without a word since before it came. Its id alone would not do (`stayingTag`). */
export function mayAnnounce({ departures }: Pin, { deviceId, deviceKey }: NamedDevice): boolean {
  return departures === null || includes(departures.left, stayingTag(deviceId, deviceKey));
}

/** Whether a statement names this device, by its id and key, as one that goes on. */
export function stays({ staying, removed }: Statement, { deviceId, deviceKey }: NamedDevice): boolean {
  return includes(staying, stayingTag(deviceId, deviceKey)) && !includes(removed, deviceId);
}

/** Nobody has compared it, and nothing has happened to it that this device has seen. */
function isFirstSight({ level, former, departures }: Pin): boolean {
  return level === "unverified" && former === null && departures === null;
}

/** The pin of one's own user key behind a statement of one's own: nobody has to announce it. Null: it is no statement of a successor of that key. */
export function ownSuccession(pin: Pin, bytes: Uint8Array): Pin | null {
  const read = readStatement(bytes, pin.who);
  if (!read.ok || !sameBytes(pin.userKey, read.statement.old) || isEarlier(pin, read.statement.next)) return null;
  return succeeded(pin, read.statement);
}

/**
 * The same behind several, one leading to the next. Of the removed it keeps whom the last key has signed, since whoever had one in between (a device
 * that was removed after that) could name others.
 */
export function ownSuccessions(pin: Pin, chain: readonly Uint8Array[]): Pin | null {
  const behind = chain.reduce<Pin | null>((each, bytes) => each && ownSuccession(each, bytes), pin);
  const last = readStatement(chain.at(-1) ?? new Uint8Array(), pin.who);
  if (behind === null || behind.former === null || !last.ok) return null;
  const removed = [...last.statement.removed, ...(pin.former?.removed ?? [])].slice(0, MOST_REMOVED);
  return { ...behind, former: { ...behind.former, removed } };
}

/** How much the key was trusted stays: its owner has signed the new one. */
function succeeded(pin: Pin, statement: Statement): Pin {
  return { ...pin, userKey: statement.next, former: formerOf(pin.former, statement), departures: null };
}

/**
 * What the pinned key itself has signed of the one before it. The first such word counts, and of whom it calls removed nothing: whoever is still one of
 * the person's devices has that key, too, and could shut out the others by it.
 */
function taught(pin: Pin, { old, staying }: Statement): Pin {
  const { former } = pin;
  if (former !== null && former.keys.length > 0) return pin;
  return { ...pin, former: { keys: [old], staying, removed: former?.removed ?? [], replaced: former?.replaced ?? [] } };
}

function formerOf(former: Former | null, { old, staying, removed }: Statement): Former {
  return {
    keys: [old, ...(former?.keys ?? [])].slice(0, MOST_KEYS),
    staying,
    removed: [...removed, ...(former?.removed ?? [])].slice(0, MOST_REMOVED),
    replaced: former?.replaced ?? [],
  };
}

/** A commit that announces nothing, as far as it concerns one person's devices. One that replaces its own leaf stays. */
export interface Movement {
  /** Of this person's, that it removes and adds. */
  readonly removed: readonly NamedDevice[];
  readonly added: readonly NamedDevice[];
  /** In the group behind it, without those it adds. */
  readonly stayed: readonly NamedDevice[];
  /** The committer, where it is this person's and was in the group before; else null. */
  readonly by: NamedDevice | null;
}

/**
 * The pin behind such a commit. From the first device on that somebody else puts out while others of its person stay, a device that comes by itself
 * or by somebody else's hand can announce no new key: it may be the one that went, under another id. What a person takes away of their own and says
 * nothing of was not lost; but it can announce none any more either, nor can who comes under its id.
 */
export function followMovement(pin: Pin, { removed, added, stayed, by }: Movement): Pin {
  const before = pin.departures;
  const isPart = removed.length > 0 && stayed.length > 0 && by === null;
  if (before === null && !isPart) return pin;
  const gone = unique([...(isPart ? removed.map(({ deviceId }) => deviceId) : []), ...(before?.gone ?? [])]);
  const left = before?.left ?? tagsOf(stayed);
  const isVouched = by !== null && includes(left, tagOf(by));
  const came = isVouched ? added.filter(({ deviceId }) => !includes(gone, deviceId)) : [];
  const out = tagsOf(removed);
  const departures: Departures = {
    gone: gone.slice(0, MOST_REMOVED),
    left: unique([...left, ...tagsOf(came)])
      .filter((tag) => !includes(out, tag))
      .slice(0, MOST_REMOVED),
  };
  return isSame(before, departures) ? pin : { ...pin, departures };
}

/** The pin where this person has confirmed another device of theirs by hand: it may announce from now on, whoever has gone without a word before. */
export function withConfirmed(pin: Pin, device: NamedDevice): Pin {
  const { departures } = pin;
  if (departures === null || includes(departures.gone, device.deviceId) || mayAnnounce(pin, device)) return pin;
  return { ...pin, departures: { ...departures, left: [...departures.left, tagOf(device)].slice(-MOST_REMOVED) } };
}

function tagsOf(devices: readonly NamedDevice[]): readonly Uint8Array[] {
  return devices.map(tagOf);
}

function tagOf({ deviceId, deviceKey }: NamedDevice): Uint8Array {
  return stayingTag(deviceId, deviceKey);
}

function unique(ids: readonly Uint8Array[]): readonly Uint8Array[] {
  return ids.filter((id, at) => ids.findIndex((other) => sameBytes(other, id)) === at);
}

function isSame(one: Departures | null, other: Departures): boolean {
  return one !== null && areSame(one.gone, other.gone) && areSame(one.left, other.left);
}

function areSame(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some.length === others.length && some.every((id, at) => sameBytes(id, others[at] ?? new Uint8Array()));
}

function refused(why: RefusedWhy): Succession {
  return { kind: "refused", why };
}
