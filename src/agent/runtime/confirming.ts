/**
 * What a confirmed device does for others of its person (SEALED.md 6): lists them, confirms one that waits, by the code that it shows or by
 * itself where it has the secret of a token, and forgets one that isn't wanted.
 */
import { confirmCode, isConfirmCode } from "../../mls/identity/confirm-code.ts";
import { readRecord, readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { isSealKeyOf } from "../../mls/identity/seal-key.ts";
import type { PendingDevice } from "../../wire/frames/devices.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { sealUserKey } from "../device/confirmation.ts";
import { confirmDevice } from "../device/make-device.ts";
import { isAskProof, TOKEN_BYTES, tokenKey, writeToken } from "../device/token.ts";
import type { TokenKey } from "../device/token.ts";
import type { Invitation } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import type { Self } from "./introduce.ts";
import { failed } from "./rooms.ts";
import type { Failed } from "./rooms.ts";
import { whyNot } from "./why-not.ts";
import { ownWho } from "./introduce.ts";

type OwnDevices = ReplyBody<"own-devices">;
export interface Listed {
  readonly kind: "listed";
  readonly devices: OwnDevices["devices"];
  readonly pending: OwnDevices["pending"];
}
export interface Done {
  readonly kind: "done";
}
const DONE: Done = { kind: "done" };
export interface Confirmed {
  readonly kind: "confirmed";
  readonly device: Pick<PendingDevice, "device" | "label" | "at">;
}
export interface Invited {
  readonly kind: "invited";
  readonly token: string;
  readonly until: number;
}

/** Invitations that may be open at once. */
const MOST_INVITATIONS = 32;

export async function listDevices({ client }: Entrance): Promise<Listed | Failed> {
  const answer = await client.request("own-devices", {});
  return answer.kind === "answered" ? { kind: "listed", ...answer.value } : failed(whyNot(answer));
}

/** What a device that waits shows, if it is what its own keys say. */
export function codeOf(self: Self, { key }: PendingDevice): string {
  return confirmCode(ownWho(self), toBytes(key));
}

/** The one that shows this code; of one that is confirmed already that is said once more. `no-such-device`: none does. */
export async function confirmByCode(entrance: Entrance, code: string): Promise<Confirmed | Failed> {
  const listed = await listDevices(entrance);
  if (listed.kind === "failed") return listed;
  const who = ownWho(entrance.self);
  const device = listed.pending.find(({ key }) => isConfirmCode(code, who, toBytes(key)));
  if (device === undefined) return confirmedBefore(entrance, listed, code) ?? failed("no-such-device");
  return await confirm(entrance, device, null);
}

/** Whoever confirms it twice, or on two devices at once, has what they wanted. Null: none of the person's devices shows that code. */
function confirmedBefore({ self }: Entrance, { devices }: Listed, code: string): Confirmed | null {
  const who = ownWho(self);
  const found = devices.find(({ key }) => isConfirmCode(code, who, toBytes(key)));
  if (found === undefined) return null;
  const read = readRecord(found.record, toBytes(found.key));
  if (!read.ok || toText(read.record.deviceId) !== found.device) return null;
  const shown = { ...read.record, identity: who, deviceKey: toBytes(found.key) };
  if (self.people.blocksKey(shown) !== null) return null;
  return { kind: "confirmed", device: { device: found.device, label: read.record.deviceLabel, at: found.seen } };
}

/** `id` in base64url. */
export async function dismissDevice({ client }: Entrance, id: string): Promise<Done | Failed> {
  const answer = await client.request("dismiss-device", { device: id });
  if (answer.kind === "answered") return DONE;
  const why = whyNot(answer);
  return failed(why === "unknown-device" || why === "malformed" ? "no-such-device" : why);
}

/** A token for one device, good for so many minutes. Its secret is on the disk before anybody has it. */
export async function inviteDevice({ store, system }: Entrance, minutes: number): Promise<Invited | Failed> {
  const { userSeed, invitations } = await store.load();
  if (userSeed === null) return failed("device-not-confirmed");
  const now = system.now();
  if (invitations.filter(({ until }) => until >= now).length >= MOST_INVITATIONS) return failed("busy");
  const invitation: Invitation = {
    id: system.randomBytes(16),
    secret: system.randomBytes(TOKEN_BYTES),
    until: now + minutes * 60_000,
    device: null,
  };
  await store.commit([{ kind: "invitation-made", invitation }]);
  return { kind: "invited", token: writeToken(invitation.secret), until: invitation.until };
}

/** Tokens whose device waits no more: it was confirmed, and this device ended before it had forgotten the token, or is gone. */
export async function dropUsed({ store }: Entrance, pending: readonly PendingDevice[]): Promise<void> {
  const waiting = new Set(pending.map(({ device }) => device));
  const { invitations } = await store.load();
  const used = invitations.filter(({ device }) => device !== null && !waiting.has(toText(device)));
  await store.commit(used.map(({ id }) => ({ kind: "invitation-dropped", id }) as const));
}

/** Confirms those of `pending` that show the secret of a token of ours, and drops tokens that are over. Those that are left. */
export async function confirmInvited(
  entrance: Entrance,
  pending: readonly PendingDevice[],
): Promise<readonly PendingDevice[]> {
  const { store, system } = entrance;
  const { invitations } = await store.load();
  if (invitations.length === 0) return pending;
  const now = system.now();
  const over = invitations.filter(({ until }) => until < now);
  await store.commit(over.map(({ id }) => ({ kind: "invitation-dropped", id }) as const));
  const open = invitations.filter(({ until }) => until >= now);
  const left: PendingDevice[] = [];
  const used = new Map<Invitation, string>();
  for (const device of pending) {
    const isFree = (each: Invitation) => (used.get(each) ?? device.device) === device.device;
    const invitation = open.find((each) => isFree(each) && isInvited(entrance.self, each, device));
    if (invitation !== undefined) used.set(invitation, device.device);
    if (invitation === undefined || !(await confirmOne(entrance, device, invitation))) left.push(device);
  }
  return left;
}

/** A token is one device's: from the first that shows it on, also over a crash. */
async function confirmOne(entrance: Entrance, device: PendingDevice, { id, secret }: Invitation): Promise<boolean> {
  await entrance.store.commit([{ kind: "invitation-used", id, device: toBytes(device.device) }]);
  const confirmed = await confirm(entrance, device, tokenKey(secret));
  if (confirmed.kind !== "confirmed") return false;
  await entrance.store.commit([{ kind: "invitation-dropped", id }]);
  return true;
}

function isInvited(self: Self, { secret, device }: Invitation, asking: PendingDevice): boolean {
  if (asking.token === null || (device !== null && toText(device) !== asking.device)) return false;
  const shown = {
    who: ownWho(self),
    deviceId: toBytes(asking.device),
    deviceKey: toBytes(asking.key),
    sealKey: toBytes(asking.sealKey.key),
  };
  return isAskProof(asking.token, tokenKey(secret), shown);
}

async function confirm(
  { client, store, self }: Entrance,
  device: PendingDevice,
  token: TokenKey | null,
): Promise<Confirmed | Failed> {
  const { userSeed } = await store.load();
  if (userSeed === null) return failed("device-not-confirmed");
  const who = ownWho(self);
  const [deviceId, deviceKey, sealKey] = [device.device, device.key, device.sealKey.key].map(toBytes);
  if (deviceId === undefined || deviceKey === undefined || sealKey === undefined) return failed("no-such-device");
  // A server that puts another seal key beside the device's own key would be told the user key.
  if (!isSealKeyOf(deviceKey, { who, deviceId, sealKey, signature: device.sealKey.signature })) {
    return failed("wrong-seal-key");
  }
  const fields = { ...who, label: labelOf(self), deviceId, deviceLabel: device.label, node: "", notAfter: 0n };
  const record = confirmDevice(fields, userSeed, deviceKey);
  const sealed = sealUserKey({ hpke: self.engine, who, deviceId, record, sealKey }, userSeed, token);
  const answer = await client.request("confirm-device", { device: device.device, record, sealed });
  if (answer.kind === "answered") {
    await self.people.change(store, () => self.people.confirmed({ deviceId, deviceKey }));
    return { kind: "confirmed", device };
  }
  const why = whyNot(answer);
  // Another device of ours was faster.
  if (why === "unknown-device" && (await isThere(client, device))) return { kind: "confirmed", device };
  return failed(why === "unknown-device" ? "no-such-device" : why);
}

async function isThere(client: Entrance["client"], { device, key }: PendingDevice): Promise<boolean> {
  const answer = await client.request("own-devices", {});
  return answer.kind === "answered" && answer.value.devices.some((own) => own.device === device && own.key === key);
}

/** The person's login, as in this device's own record. */
function labelOf({ device }: Self): string {
  const read = readVerifiedRecord(device.record);
  return read.ok ? read.record.label : "";
}
