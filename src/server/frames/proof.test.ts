import { expect, test } from "vitest";
import { signRecord } from "../../mls/identity/device-record.ts";
import { newSigningKey, signBytes } from "../../mls/identity/ed25519.ts";
import { signSealKey } from "../../mls/identity/seal-key.ts";
import { helloProof } from "../../wire/frames/hello.ts";
import { base64url } from "../groups/found-device.ts";
import { proveDevice } from "./proof.ts";

const [device, user, stranger] = [newSigningKey(), newSigningKey(), newSigningKey()];
const [server, deviceId, sealKey] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2), new Uint8Array(32).fill(3)]; // prettier-ignore
const who = { server, kind: "person", identity: "1001" } as const;
const fields = { ...who, label: "alice", deviceId, deviceLabel: "", node: "", notAfter: 0n };
const expected = {
  nonce: base64url(new Uint8Array(32).fill(4)),
  server: base64url(server),
  owner: { kind: "person", identity: "1001" },
  now: 1_000,
} as const;
const sent = {
  device: base64url(deviceId),
  key: base64url(device.publicKey),
  record: signRecord(fields, user, device.publicKey),
  counter: 7,
  proof: proofBy(device),
  sealKey: { key: base64url(sealKey), signature: signSealKey(device, who, deviceId, sealKey) },
  receipt: null,
};

test("FR-7 a device is proved by its own key alone, over this connection's nonce, this server, its id and counter", () => {
  expect(proveDevice(sent, expected)).toMatchObject({ device: sent.device, counter: 7, userKey: base64url(user.publicKey) }); // prettier-ignore
  for (const proof of [
    proofBy(stranger),
    proofBy(device, { nonce: base64url(new Uint8Array(32)) }),
    proofBy(device, { server: base64url(new Uint8Array(16)) }),
    proofBy(device, { device: base64url(new Uint8Array(16)) }),
    proofBy(device, { counter: 8 }),
    new Uint8Array(64),
    new Uint8Array(),
  ])
    expect(proveDevice({ ...sent, proof }, expected)).toBe("wrong-proof");
  expect(proveDevice({ ...sent, counter: 8 }, expected)).toBe("wrong-proof");
});

test("FR-8 its record is of this server, device and owner, for its key, and hasn't ended", () => {
  const recordOf = (more: Partial<typeof fields> & { readonly notAfter?: bigint }, key = device.publicKey) =>
    proveDevice({ ...sent, sealKey: null, record: signRecord({ ...fields, ...more }, user, key) }, expected);
  expect(recordOf({ server: new Uint8Array(16) })).toBe("wrong-device");
  expect(recordOf({ deviceId: new Uint8Array(16) })).toBe("wrong-device");
  expect(recordOf({}, stranger.publicKey)).toBe("wrong-device");
  expect(proveDevice({ ...sent, record: new Uint8Array(9) }, expected)).toBe("wrong-device");
  for (const owner of [
    { kind: "person", identity: "1002" },
    { kind: "machine", identity: "1001" },
  ] as const)
    expect(proveDevice({ ...sent, sealKey: null }, { ...expected, owner })).toBe("wrong-device");
  expect(recordOf({ notAfter: 999n })).toBe("wrong-device");
  expect(recordOf({ notAfter: 1_000n })).toMatchObject({ device: sent.device });
});

test("FR-28 its seal key is one that it has signed, or there is none", () => {
  const { key, signature } = sent.sealKey;
  expect(proveDevice({ ...sent, sealKey: null }, expected)).toMatchObject({ sealKey: null });
  expect(proveDevice(sent, expected)).toMatchObject({ sealKey: { key, signature: base64url(signature) } });
  const others = [
    { key, signature: signSealKey(stranger, who, deviceId, sealKey) },
    { key, signature: signSealKey(device, { ...who, identity: "1002" }, deviceId, sealKey) },
    { key: base64url(new Uint8Array(32)), signature },
  ];
  for (const other of others) expect(proveDevice({ ...sent, sealKey: other }, expected)).toBe("wrong-device");
});

function proofBy(key: typeof device, more: Partial<Parameters<typeof helloProof>[0]> = {}): Uint8Array {
  const given = { nonce: expected.nonce, server: expected.server, device: base64url(deviceId), counter: 7, ...more };
  return signBytes(key, helloProof(given));
}
