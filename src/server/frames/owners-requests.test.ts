import { expect, test } from "vitest";
import { mapOf } from "../../core/persistent-map.ts";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { signStatement } from "../../mls/identity/succession.ts";
import type { Request } from "../../wire/frames/requests.ts";
import { base64url } from "../groups/found-device.ts";
import { answerOwner } from "./owners-requests.ts";

const SERVER = base64url(new Uint8Array(16).fill(1));
const owner = { kind: "person", identity: "1001" } as const;
const who = { ...owner, server: new Uint8Array(16).fill(1) };
const userKey = newSigningKey();
const [asking, other] = [2, 3].map((byte) => base64url(new Uint8Array(16).fill(byte)));

test("FR-37 what looks at statements costs the time of 16 signatures, whatever comes of it", async () => {
  const goes = { staying: [], removed: [new Uint8Array(16)] };
  const statement = signStatement(who, newSigningKey(), userKey, goes);
  expect(await costOf(keeping([statement]))).toEqual({ cost: 16_384, told: 0, isDone: true });
  expect(await costOf(keeping([new Uint8Array(300)]))).toEqual({ cost: 16_384, told: 0, isDone: false });
});

test("FR-30 whoever has everybody told of their devices pays for what all of them hear, and for what nobody hears nothing", async () => {
  const retire = { id: 1, type: "retire-device", body: { device: other ?? "" } } as const;
  expect(await costOf(retire)).toEqual({ cost: 2048 * 100, told: 1, isDone: true });
  expect(await costOf(retire, { isRefused: true })).toEqual({ cost: 0, told: 0, isDone: false });
});

function keeping(statements: Uint8Array[]) {
  return { id: 1, type: "keep-successions", body: { statements } } as const;
}

/** What a request by one of two devices costs it, where 100 are there to hear, how often they are told of something, and whether it is done. */
async function costOf(
  request: Parameters<typeof answerOwner>[0] & Request,
  { isRefused = false }: { readonly isRefused?: boolean } = {},
) {
  let [cost, told] = [0, 0];
  const row = { owner, userKey: base64url(userKey.publicKey), removed: false };
  const rows = mapOf([asking, other].map((device) => [device ?? "", row]));
  const outcome = isRefused ? { ok: false, refusal: { reason: "device-removed" } } : { ok: true, value: {} };
  const session = {
    link: { charge: (bytes: number) => (cost += bytes) },
    name: "alice",
    services: {
      server: { id: SERVER },
      groups: { state: { devices: rows }, ask: async () => await Promise.resolve(outcome) },
      readers: () => 100,
      onDevices: () => (told += 1),
    },
  };
  const speaker = { session: 1, device: asking ?? "" };
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const answer = await answerOwner(request, speaker, session as unknown as Parameters<typeof answerOwner>[2]);
  return { cost, told, isDone: "reply" in answer };
}
