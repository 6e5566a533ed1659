import type { Owner, SealKey } from "../../groups/rows.ts";
import { readRecord } from "../../mls/identity/device-record.ts";
import { isSignedBy } from "../../mls/identity/ed25519.ts";
import { isSealKeyOf } from "../../mls/identity/seal-key.ts";
import { helloProof } from "../../wire/frames/hello.ts";
import type { RequestBody } from "../../wire/frames/requests.ts";
import { base64url, fromBase64url } from "../groups/found-device.ts";

type SentDevice = NonNullable<RequestBody<"hello">["device"]>;

/** A device that has proved to be what its record says. */
export interface ProvedDevice {
  readonly device: string;
  readonly key: string;
  readonly userKey: string;
  readonly record: string;
  readonly counter: number;
  readonly sealKey: SealKey | null;
  readonly receipt: Uint8Array | null;
}

interface Expected {
  readonly nonce: string;
  readonly server: string;
  readonly owner: Owner;
  /** Whole seconds: here, and nowhere else, is a record's end held against a clock. */
  readonly now: number;
}

/**
 * Whether the device holds its key, for this connection (the nonce) and this server, its record is its own and names whom the
 * tailnet says is behind the connection, and its seal key is its own.
 */
export function proveDevice(sent: SentDevice, expected: Expected): ProvedDevice | "wrong-proof" | "wrong-device" {
  const { device, counter, proof, receipt } = sent;
  const key = fromBase64url(sent.key);
  const { nonce, server, owner } = expected;
  if (!isSignedBy(key, proof, helloProof({ nonce, server, device, counter }))) return "wrong-proof";
  const userKey = userKeyOfRecord(sent.record, { ...expected, device, key: sent.key });
  if (userKey === null) return "wrong-device";
  const sealKey = sent.sealKey === null ? null : provedSealKey(sent.sealKey, { device, key: sent.key, server, owner });
  if (sent.sealKey !== null && sealKey === null) return "wrong-device";
  return { device, key: sent.key, userKey, record: base64url(sent.record), counter, sealKey, receipt };
}

/** The user key that has signed this record for this device of this owner; null: none has, or it has ended. */
export function userKeyOfRecord(
  bytes: Uint8Array,
  { device, key, server, owner, now }: Omit<Expected, "nonce"> & { readonly device: string; readonly key: string },
): string | null {
  const read = readRecord(bytes, fromBase64url(key));
  if (!read.ok) return null;
  const { record } = read;
  if (base64url(record.server) !== server || base64url(record.deviceId) !== device) return null;
  if (record.kind !== owner.kind || record.identity !== owner.identity) return null;
  return record.notAfter !== 0n && record.notAfter < BigInt(now) ? null : base64url(record.userKey);
}

/** The seal key as a row has it; null: the device hasn't signed it. */
export function provedSealKey(
  { key: sealKey, signature }: NonNullable<SentDevice["sealKey"]>,
  {
    device,
    key,
    server,
    owner,
  }: Pick<Expected, "server" | "owner"> & { readonly device: string; readonly key: string },
): SealKey | null {
  const given = {
    who: { server: fromBase64url(server), kind: owner.kind, identity: owner.identity },
    deviceId: fromBase64url(device),
    sealKey: fromBase64url(sealKey),
    signature,
  };
  return isSealKeyOf(fromBase64url(key), given) ? { key: sealKey, signature: base64url(signature) } : null;
}
