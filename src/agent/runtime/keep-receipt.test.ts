import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { toText } from "../delivery/base64url.ts";
import type { Change } from "../storage/changes.ts";
import { keepReceipt } from "./keep-receipt.ts";

test("SR-64 a receipt is kept of the key that this device's record is under, where it is new, and of no other key of its person's", async () => {
  const [own, other] = [newSigningKey(), newSigningKey()].map((key) => ({ key, text: toText(key.publicKey) }));
  if (own === undefined || other === undefined) throw new Error("two were made");
  const { record } = makeDevice(toText(randomBytes(16)), { kind: "name", identity: "alice" }, own.key);
  const receipt = new Uint8Array(randomBytes(56));
  const told = { packages: 0, lastResort: false, userKey: own.text, receipt };
  const kept = async (
    device: { readonly userKey: string; readonly receipt: Uint8Array | null },
    before: string | null,
  ) => {
    const changes: Change[] = [];
    const store = { commit: async (some: readonly Change[]) => await Promise.resolve(void changes.push(...some)) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what is looked at is there
    const entrance = { store, self: { device: { record } } } as unknown as Parameters<typeof keepReceipt>[0];
    await keepReceipt(entrance, { ...told, ...device }, before);
    return changes;
  };
  const change = { kind: "receipt-kept", receipt: toText(receipt) };
  expect(await kept(told, null)).toEqual([change]);
  expect(await kept(told, "an older one")).toEqual([change]);
  expect(await kept(told, toText(receipt))).toEqual([]);
  expect(await kept({ userKey: other.text, receipt }, "an older one")).toEqual([]);
  expect(await kept({ userKey: own.text, receipt: null }, "an older one")).toEqual([]);
});
