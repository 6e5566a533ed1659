import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { LIFETIME, makeRecord, NOW, seed } from "../../../test/mls/people.ts";
import { createGroupEngine } from "../../mls/create-group-engine.ts";
import { toText } from "../delivery/base64url.ts";
import { takePackages } from "./people.ts";

const SERVER = "server";
const USER = seed();
const GROUP = new Uint8Array(16).fill(5);

test("SR-36 a device of somebody's that wasn't here for months, or that the server has nothing of, keeps no other of theirs out", async () => {
  const [stale, present, empty] = [device(NOW - 2 * LIFETIME), device(NOW), device(NOW)];
  const taken = await take([stale, present, empty], { without: empty.device });
  expect(taken).toMatchObject({ devices: [{ keyPackage: present.keyPackage }] });
});

test("SR-36 where that is all that they have, that is said", async () => {
  expect(await take([device(NOW - 2 * LIFETIME)])).toBe("no-usable-key-package");
  const empty = device(NOW);
  expect(await take([empty], { without: empty.device })).toBe("no-key-package");
});

test("SR-36 but a key package of another device, person or server, or under a key that blocks, adds nobody", async () => {
  const good = device(NOW);
  expect(await take([good, { ...good, device: toText(randomBytes(16)) }])).toBe("another-device");
  expect(await take([good, device(NOW, { identity: "mallory" })])).toBe("another-device");
  expect(await take([good, device(NOW, { server: "another" })])).toBe("another-device");
  expect(await take([good], { blocks: "removed-device" })).toBe("removed-device");
  // What a yes would be about is said of the whole of them, each key once.
  expect(await take([good, device(NOW)], { blocks: "changed-key" })).toMatchObject({
    hold: { kind: "changed-key", shown: [{ who: { identity: "1001" }, known: null }] },
  });
});

function device(now: number, { identity = "1001", server = SERVER } = {}) {
  const [deviceId, key] = [new Uint8Array(randomBytes(16)), seed()];
  const engine = createGroupEngine({
    seed: key,
    record: makeRecord({ kind: "person", server, identity, deviceId }, USER, key),
  });
  const { keyPackage } = engine.keyPackage({ now, lifetime: LIFETIME });
  engine.close();
  return { device: toText(deviceId), keyPackage };
}

/** `without`: the server has nothing of this one. */
async function take(
  devices: readonly ReturnType<typeof device>[],
  { without = null, blocks = null }: { readonly without?: string | null; readonly blocks?: string | null } = {},
) {
  const client = {
    request: async (_: string, { of }: { readonly of: readonly string[] }) =>
      await Promise.resolve(
        without !== null && of.includes(without)
          ? { kind: "refused", refusal: { reason: "no-key-package", device: without } }
          : { kind: "answered", value: { packages: devices.filter((one) => of.includes(one.device)) } },
      ),
  };
  const person = { owner: { kind: "person", identity: "1001" }, devices };
  const asking = {
    client,
    self: { server: new TextEncoder().encode(SERVER), people: { blocks: () => blocks, keyOf: () => null } },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what is looked at is there
  const [looking, whom] = [asking, person] as unknown as [
    Parameters<typeof takePackages>[0],
    Parameters<typeof takePackages>[1]["person"],
  ];
  return await takePackages(looking, { group: GROUP, person: whom, now: NOW * 1000 });
}
