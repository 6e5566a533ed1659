import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { emptyMap, mapOf } from "../../core/persistent-map.ts";
import type { Owner } from "../../groups/rows.ts";
import { base64url } from "../groups/found-device.ts";
import { answerNewcomer } from "./newcomers.ts";
import type { Newcomer, NewcomerRequest } from "./newcomers.ts";

const SERVER = base64url(randomBytes(16));
const ALICE: Owner = { kind: "name", identity: "alice" };
const device = makeDevice(SERVER, ALICE);
const asking = { name: "alice", device: base64url(device.id), key: base64url(device.key.publicKey), label: "laptop" };
const ask: NewcomerRequest = {
  id: 1,
  type: "ask-confirmation",
  body: { ...asking, sealKey: device.sealKey, token: null, fresh: false },
};
const reset: NewcomerRequest = {
  id: 1,
  type: "reset-user-key",
  body: {
    name: "alice",
    device: {
      device: asking.device,
      key: asking.key,
      record: device.record,
      counter: 1,
      proof: new Uint8Array(64),
      sealKey: device.sealKey,
    },
  },
};

test("FR-35 asking to be confirmed and beginning anew count as messages, and are refused where too many come", async () => {
  const cost: [number, number][] = [];
  const admit = (bytes: number, readers: number) => {
    cost.push([bytes, readers]);
    return false;
  };
  for (const request of [ask, reset])
    expect(await answered(request, { admit })).toEqual({ refusal: { reason: "too-many-messages" } });
  // The one is told to the person's devices, the other to everybody.
  expect(cost).toEqual([
    [1024, 1],
    [1024, 100],
  ]);
});

test("FR-35 a source may have so many new devices told, and whoever waits already isn't told of again", async () => {
  const isFull = { isFull: true };
  expect(await answered(ask, isFull)).toEqual({ refusal: { reason: "too-many-messages" } });
  expect(await answered(ask, { ...isFull, isWaiting: true })).toMatchObject({ reply: { confirmation: null } });
});

test("ID-30 nobody of this machine waits, or begins anew, under what is no name, or none", async () => {
  for (const name of ["not one", "ALL", null])
    for (const request of [ask, reset]) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same request under another name
      const named = { ...request, body: { ...request.body, name } } as NewcomerRequest;
      expect(await answered(named)).toEqual({ refusal: { reason: "invalid-name" } });
    }
});

/** `isFull`: its source has asked for too many; `isWaiting`: this device is among those that wait. What isn't refused waits. */
async function answered(
  request: NewcomerRequest,
  {
    admit = () => true,
    isFull = false,
    isWaiting = false,
  }: {
    readonly admit?: (bytes: number, readers: number) => boolean;
    readonly isFull?: boolean;
    readonly isWaiting?: boolean;
  } = {},
) {
  const newcomer = {
    link: { id: 1, admit },
    identity: { kind: "local" },
    nonce: base64url(randomBytes(32)),
    name: null,
    device: null,
    source: async () => await Promise.resolve("uid 1000"),
    services: {
      server: { id: SERVER },
      readers: () => 100,
      asksOf: () => ({ admit: () => !isFull }),
      groups: {
        state: { pending: isWaiting ? mapOf([[asking.device, {}]]) : emptyMap(), asking: emptyMap() },
        askConfirmation: async () => await Promise.resolve({ ok: true, value: { confirmation: null } }),
      },
    },
  };
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return await answerNewcomer(request, newcomer as unknown as Newcomer);
}
