import { includes, sameBytes } from "../../mls/identity/bytes.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { mayAnnounce, stays } from "../../mls/identity/judge-succession.ts";
import type { NamedDevice } from "../../mls/identity/judge-succession.ts";
import { isEarlier } from "../../mls/identity/pins.ts";
import type { Pin, ShownDevice } from "../../mls/identity/pins.ts";
import { readStatement } from "../../mls/identity/succession.ts";
import type { Confirmation } from "../../wire/frames/devices.ts";
import { openConfirmation } from "../device/confirmation.ts";
import { ownWho } from "./introduce.ts";
import type { Self } from "./introduce.ts";

/** What the groups are told of the present user key. */
export interface Succession {
  readonly statement: Uint8Array;
  readonly removed: readonly Uint8Array[];
}

/** What a statement about one's own user key says; null: it is none. */
export function successionOf(
  self: Pick<Self, "server" | "owner">,
  statement: Uint8Array,
): (Succession & { readonly next: Uint8Array }) | null {
  const read = readStatement(statement, ownWho(self));
  return read.ok ? { statement, removed: read.statement.removed, next: read.statement.next } : null;
}

/** A user key that another of the person's devices has made. */
export interface NextKey {
  readonly userKey: Uint8Array;
  readonly seed: Uint8Array;
  readonly record: Uint8Array;
  readonly statement: Uint8Array;
}

/** The user key that is sealed for this device in place of another one; null: it isn't for it, or no statement that names it as staying makes that key. */
export function openNext(self: Self, confirmation: Confirmation): NextKey | null {
  const own = { hpke: self.engine, who: ownWho(self), device: self.device, sealKey: self.sealKey };
  const opened = openConfirmation(own, confirmation);
  const { statement } = confirmation;
  if (!opened.ok || statement === null) return null;
  const userKey = signingKeyOf(opened.userSeed).publicKey;
  const read = readStatement(statement, ownWho(self));
  if (!read.ok || !sameBytes(read.statement.next, userKey) || !stays(read.statement, ownDevice(self))) return null;
  return { userKey, seed: opened.userSeed, record: opened.record, statement };
}

/** Those of the statements that lead on from this key; null: none does, or one of them doesn't name this device as staying. */
export function successionsSince(
  self: Pick<Self, "server" | "owner" | "device">,
  key: Uint8Array,
  chain: readonly Uint8Array[],
): readonly Uint8Array[] | null {
  const all = chain.map((bytes) => ({ bytes, read: readStatement(bytes, ownWho(self)) }));
  const first = all.findIndex(({ read }) => read.ok && sameBytes(read.statement.old, key));
  if (first === -1) return null;
  const since = all.slice(first);
  const isStaying = since.every(({ read }) => read.ok && stays(read.statement, ownDevice(self)));
  return isStaying ? since.map(({ bytes }) => bytes) : null;
}

function ownDevice({ device }: Pick<Self, "device">): NamedDevice {
  return { deviceId: device.id, deviceKey: signingKeyOf(device.seed).publicKey };
}

/** What is known where another device shows a key that no announcement has made one's own person's. */
interface Shown {
  /** Of one's own person. */
  readonly pin: Pin;
  readonly next: Pick<NextKey, "userKey">;
  /** All that leads from the key that this device has to that one, the oldest first. */
  readonly since: readonly Uint8Array[];
  /** The other devices of one's own person in all groups. */
  readonly leaves: readonly ShownDevice[];
  /** Known by the pin as it is. */
  readonly isKnown: (leaf: ShownDevice) => boolean;
}

/**
 * Whether a key is shown so that it may be followed: the pinned key is still the one that it leads on from, and none on the way is one that the
 * pinned one has come after; a device that may announce it has it (it stays by what made it, and isn't new since a device went without a word),
 * each other one is known or has a key on the way to it, and none of the removed is there. So whoever was removed takes no device of its person
 * along where another one of that person is in a group with it.
 */
export function isShownBy({ pin, next, since, leaves, isKnown }: Shown): boolean {
  const statements = since.flatMap((bytes) => {
    const read = readStatement(bytes, pin.who);
    return read.ok ? [read.statement] : [];
  });
  const [first] = statements;
  const made = statements.at(-1);
  if (first === undefined || made === undefined || !sameBytes(first.old, pin.userKey)) return false;
  if (!sameBytes(made.next, next.userKey) || statements.some((statement) => isEarlier(pin, statement.next)))
    return false;
  const removed = statements.flatMap((statement) => statement.removed);
  const isOnTheWay = (leaf: ShownDevice) => statements.some((statement) => sameBytes(statement.next, leaf.userKey));
  if (leaves.some((leaf) => includes(removed, leaf.deviceId) || !(isKnown(leaf) || isOnTheWay(leaf)))) return false;
  return leaves.some((leaf) => sameBytes(leaf.userKey, made.next) && stays(made, leaf) && mayAnnounce(pin, leaf));
}
