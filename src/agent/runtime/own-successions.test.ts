import { expect, test } from "vitest";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { signStatement } from "../../mls/identity/succession.ts";
import type { Who } from "../../mls/identity/who.ts";
import { signRecord } from "../../mls/identity/device-record.ts";
import type { Change } from "../storage/changes.ts";
import { bringSuccessions } from "./own-successions.ts";
import type { Entrance } from "./entrance.ts";

const who: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };
const [first, second, third] = [newSigningKey(), newSigningKey(), newSigningKey()];
const [one, two] = [leading(first, second), leading(second, third)];
/** It leads to no key of the device's. */
const stranger = leading(newSigningKey(), newSigningKey());

test("SR-68 what the device knows of its key's way, and the server doesn't, is kept and told to the server", async () => {
  // It has made the last itself; the server was restored to before that, or to before both.
  expect(await brought({ kept: [one], made: two, told: [one] })).toEqual({ kept: [one, two], sent: [one, two] });
  expect(await brought({ kept: [one, two], made: two, told: [] })).toEqual({ kept: null, sent: [one, two] });
});

test("SR-68 what the server knows besides is kept for when it doesn't any more, and not told to it again", async () => {
  expect(await brought({ kept: [], made: two, told: [one, two] })).toEqual({ kept: [one, two], sent: null });
  expect(await brought({ kept: [one, two], made: two, told: [one, two] })).toEqual({ kept: null, sent: null });
  // As many as before, and others.
  expect(await brought({ kept: [stranger], made: null, told: [two] })).toEqual({ kept: [two], sent: null });
});

test("SR-68 what doesn't lead to the device's own key is neither kept nor told on, and nothing is done where the server doesn't answer", async () => {
  const told = [stranger, new Uint8Array(300)];
  expect(await brought({ kept: [one, two], made: null, told })).toEqual({ kept: null, sent: null });
  expect(await brought({ kept: [], made: two, told: null })).toEqual({ kept: null, sent: null });
});

/** What this device keeps anew, and what it sends the server; null: nothing. `told` null: the server doesn't answer. */
async function brought({
  kept,
  made,
  told,
}: {
  readonly kept: readonly Uint8Array[];
  readonly made: Uint8Array | null;
  readonly told: readonly Uint8Array[] | null;
}) {
  const done: { kept: readonly Uint8Array[] | null; sent: readonly Uint8Array[] | null } = { kept: null, sent: null };
  const device = newSigningKey();
  const fields = { ...who, label: "", deviceId: new Uint8Array(16), deviceLabel: "", node: "", notAfter: 0n };
  const record = signRecord(fields, third, device.publicKey);
  const entrance = {
    client: {
      request: async (type: string, body: { readonly statements: readonly Uint8Array[] }) => {
        if (type === "keep-successions") done.sent = body.statements;
        const answer = told === null ? { kind: "not-sent" } : { kind: "answered", value: { statements: told } };
        return await Promise.resolve(answer);
      },
    },
    store: {
      commit: async (changes: readonly Change[]) => {
        for (const change of changes) if (change.kind === "successions-kept") done.kept = change.statements;
        await Promise.resolve();
      },
    },
    self: { server: who.server, owner: { kind: who.kind, identity: who.identity }, device: { record } },
  };
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await bringSuccessions(entrance as unknown as Entrance, { successions: kept, statement: made });
  return done;
}

function leading(old: typeof first, next: typeof first): Uint8Array {
  return signStatement(who, old, next, { staying: [], removed: [new Uint8Array(16).fill(9)] });
}
