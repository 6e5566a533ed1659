import { expect, test } from "vitest";
import { newSigningKey } from "./ed25519.ts";
import { isSealKeyOf, signSealKey } from "./seal-key.ts";

test("DI-30 a seal key is a device's own only under that device's signature, for that person, device and key", () => {
  const device = newSigningKey();
  const who = { server: new Uint8Array(16), kind: "name", identity: "alice" } as const;
  const deviceId = new Uint8Array(16).fill(1);
  const sealKey = new Uint8Array(32).fill(2);
  const signature = signSealKey(device, who, deviceId, sealKey);
  const given = { who, deviceId, sealKey, signature };
  expect(isSealKeyOf(device.publicKey, given)).toBe(true);
  for (const other of [
    { ...given, who: { ...who, identity: "bob" } },
    { ...given, deviceId: new Uint8Array(16).fill(3) },
    { ...given, sealKey: new Uint8Array(32).fill(3) },
    // The same bytes, with the border between the two elsewhere.
    { ...given, deviceId: Uint8Array.of(...deviceId, 2), sealKey: sealKey.subarray(1) },
    { ...given, signature: new Uint8Array(64) },
    { ...given, signature: new Uint8Array(3) },
  ]) {
    expect(isSealKeyOf(device.publicKey, other)).toBe(false);
  }
  expect(isSealKeyOf(newSigningKey().publicKey, given)).toBe(false);
});
