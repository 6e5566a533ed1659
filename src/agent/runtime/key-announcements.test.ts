import { expect, test } from "vitest";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { rotateUserKey } from "../../mls/identity/succession.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { keyAnnouncements } from "./key-announcements.ts";

type Announcements = ReturnType<typeof keyAnnouncements>;

const server = new Uint8Array(16).fill(1);
const alice: Who = { server, kind: "name", identity: "alice" };
const group = new Uint8Array(16).fill(2);
const former = newSigningKey();
const [laptop, phone, tablet] = [3, 4, 5].map((byte) => new Uint8Array(16).fill(byte));

test("SR-62 whose key succeeds which is said again to a device under the former key until that is done, also where the commit of it was outrun, and then no more", async () => {
  const { look, commits, answer } = device();
  await look([]);
  expect(commits()).toBe(1);
  await look([]);
  expect(commits()).toBe(1);

  // A device of alice's that was away, and knows the former key alone.
  answer.kind = "outrun";
  await look([tablet]);
  expect(commits()).toBe(2);
  await look([tablet]);
  expect(commits()).toBe(3);
  answer.kind = "done";
  await look([tablet]);
  expect(commits()).toBe(4);
  await look([tablet]);
  expect(commits()).toBe(4);
});

/** One that has removed the phone, and is under the new key in its group. `look`: the group did what could be done, and these others are there. */
function device() {
  const deviceKey = newSigningKey();
  const fields = { ...alice, label: "", deviceId: laptop!, deviceLabel: "", node: "", notAfter: 0n };
  const rotation = rotateUserKey(alice, former, [{ fields, deviceKey: deviceKey.publicKey }], [phone!]);
  const next = rotation.userKey.publicKey;
  const self = {
    server,
    owner: { kind: "name", identity: "alice" },
    device: { id: laptop, seed: deviceKey.seed, record: rotation.records[0] },
  };
  const entrance = { self, groups: { wake: () => {} } };
  const answer: { kind: "done" | "outrun" } = { kind: "done" };
  const intents: unknown[] = [];
  const session = {
    id: group,
    commit: async (intent: unknown) => {
      intents.push(intent);
      return await Promise.resolve(answer.kind === "done" ? { kind: "done", epoch: 1 } : { kind: "outrun" });
    },
  };
  const tasks: Promise<void>[] = [];
  const announcements = keyAnnouncements((_, task) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what saying it needs of them
    tasks.push(task(entrance as unknown as Parameters<typeof task>[0]));
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  announcements.begin({ self, statement: rotation.statement, groups: [] } as unknown as Parameters<
    Announcements["begin"]
  >[0]);
  return {
    answer,
    commits: () => intents.length,
    look: async (others: readonly (Uint8Array | undefined)[]) => {
      const own = { who: whoKey(alice), deviceId: laptop, userKey: next };
      const members = others.map((deviceId) => ({ who: whoKey(alice), deviceId, userKey: former.publicKey }));
      const view = { members: [own, ...members], epoch: 100, isSuccessor: false };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      announcements.advanced(...([entrance, session, view] as unknown as Parameters<Announcements["advanced"]>));
      await Promise.all(tasks.splice(0));
    },
  };
}
