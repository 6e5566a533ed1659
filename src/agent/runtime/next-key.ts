import { includes, sameBytes } from "../../mls/identity/bytes.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { stays } from "../../mls/identity/judge-succession.ts";
import type { ShownDevice } from "../../mls/identity/pins.ts";
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

/** The user key that is sealed for this device in place of another one; null: it isn't for it, or no statement makes that key. */
export function openNext(self: Self, confirmation: Confirmation): NextKey | null {
  const own = { hpke: self.engine, who: ownWho(self), device: self.device, sealKey: self.sealKey };
  const opened = openConfirmation(own, confirmation);
  const { statement } = confirmation;
  if (!opened.ok || statement === null) return null;
  const userKey = signingKeyOf(opened.userSeed).publicKey;
  const next = successionOf(self, statement)?.next;
  if (next === undefined || !sameBytes(next, userKey)) return null;
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
  const own = { deviceId: self.device.id, deviceKey: signingKeyOf(self.device.seed).publicKey };
  return since.every(({ read }) => read.ok && stays(read.statement, own)) ? since.map(({ bytes }) => bytes) : null;
}

/** Whether one of its person's devices shows that key that stays by what made it, and none of the removed is there. `leaves`: its person's others. */
export function isShownBy(
  self: Pick<Self, "server" | "owner">,
  { userKey, statement }: Pick<NextKey, "userKey" | "statement">,
  since: readonly Uint8Array[],
  leaves: readonly ShownDevice[],
): boolean {
  const made = readStatement(statement, ownWho(self));
  const removed = since.flatMap((bytes) => successionOf(self, bytes)?.removed ?? []);
  if (!made.ok || leaves.some(({ deviceId }) => includes(removed, deviceId))) return false;
  return leaves.some((leaf) => sameBytes(leaf.userKey, userKey) && stays(made.statement, leaf));
}
