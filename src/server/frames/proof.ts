import type { Owner } from "../../groups/rows.ts";
import { readRecord } from "../../mls/identity/device-record.ts";
import { isSignedBy } from "../../mls/identity/ed25519.ts";
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
}

/**
 * Whether the device holds its key, for this connection (the nonce) and this server, and its record is its own and names whom the
 * tailnet says is behind the connection. `now` in whole seconds: here, and nowhere else, is a record's end held against a clock.
 */
export function proveDevice(
  sent: SentDevice,
  expected: { readonly nonce: string; readonly server: string; readonly owner: Owner; readonly now: number },
): ProvedDevice | "wrong-proof" | "wrong-device" {
  const { device, counter, proof } = sent;
  const key = fromBase64url(sent.key);
  const { nonce, server, owner, now } = expected;
  if (!isSignedBy(key, proof, helloProof({ nonce, server, device, counter }))) return "wrong-proof";
  const read = readRecord(sent.record, key);
  if (!read.ok) return "wrong-device";
  const { record } = read;
  if (base64url(record.server) !== server || base64url(record.deviceId) !== device) return "wrong-device";
  if (record.kind !== owner.kind || record.identity !== owner.identity) return "wrong-device";
  if (record.notAfter !== 0n && record.notAfter < BigInt(now)) return "wrong-device";
  return { device, key: sent.key, userKey: base64url(record.userKey), record: base64url(sent.record), counter };
}
