import { expect, test } from "vitest";
import { alice, bob, local, world } from "../../../test/helpers/core.ts";
import { mapOf } from "../../core/persistent-map.ts";
import type { State } from "../../core/state.ts";
import { ownerKey } from "../../groups/state.ts";
import { releaseKey } from "./release-key.ts";

const person = { kind: "person", identity: "1001" } as const;
const zoe = { kind: "name", identity: "zoe" } as const;

test("SV-51 a person's key and devices go with their last name, and stay while they have another", async () => {
  const w = world();
  w.join(1, { ...alice, userId: "1001" }, "alice");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(await released(w.state, "ALICE")).toEqual({ outcome: "released", gone: [person] });
  w.join(2, { ...alice, userId: "1001" }, "al");
  w.run({ kind: "end", session: 2, refusal: null });
  for (const name of ["alice", "al"]) expect(await released(w.state, name)).toEqual({ outcome: "none", gone: [] });
});

test("SV-51 a bare name's key goes with the name, whatever other names this machine's people have, and also where nobody has the name any more", async () => {
  const w = world();
  for (const [session, name] of [
    [1, "Zoe"],
    [2, "yan"],
  ] as const)
    w.join(session, local, name);
  expect(await released(w.state, "zoe")).toEqual({ outcome: "released", gone: [zoe] });
  expect(await released(world().state, "Zoe")).toEqual({ outcome: "released", gone: [zoe] });
});

test("SV-51 where there is no key none goes, and a store that fails is told", async () => {
  const w = world();
  w.join(1, { ...bob, userId: "1002" }, "bob");
  expect(await released(w.state, "bob")).toEqual({ outcome: "none", gone: [] });
  expect(await released(w.state, "yan")).toEqual({ outcome: "none", gone: [] });
  expect(await released(w.state, "zoe", false)).toEqual({ outcome: "storage-failed", gone: [zoe] });
});

/** What comes of it, and whose key and devices the delivery service is told to forget, where a person and a bare name have a key. */
async function released(core: State, name: string, isStored = true) {
  const gone: unknown[] = [];
  const groups = {
    state: { userKeys: mapOf([person, zoe].map((owner) => [ownerKey(owner), {}])) },
    order: async (command: { readonly owner?: unknown }) => {
      gone.push(command.owner);
      return await Promise.resolve({ ok: isStored });
    },
  };
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const outcome = await releaseKey(core, groups as unknown as Parameters<typeof releaseKey>[1], name);
  return { outcome, gone };
}
