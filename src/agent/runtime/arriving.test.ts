import { expect, test } from "vitest";
import type { GroupView } from "../../wire/frames/groups.ts";
import { toText } from "../delivery/base64url.ts";
import { endForgotten, endGone, endUnknown, groupsHeld } from "./arriving.ts";
import type { Entrance } from "./entrance.ts";

const [active, joining, creating, removed, stopped] = [1, 2, 3, 4, 5].map((byte) => new Uint8Array(16).fill(byte));

test.each([
  ["is there", [{ group: "g", ended: false }], null],
  ["is closed", [{ group: "g", ended: true }], "closed"],
  ["isn't there", [{ group: "other", ended: false }], "log-broken"],
  [
    "is there beside others",
    [
      { group: "other", ended: false },
      { group: "g", ended: false },
    ],
    null,
  ],
  [
    "is closed, as others aren't",
    [
      { group: "other", ended: false },
      { group: "g", ended: true },
    ],
    "closed",
  ],
] as const)("SR-71 of a group that %s the session hears what it is to hear", async (_, groups, verdict) => {
  const [ended, woken]: [string[], string[]] = [[], []];
  const session = { end: (given: string) => ended.push(given) };
  const entrance = {
    client: { request: async () => await Promise.resolve({ kind: "answered", value: { groups, more: false } }) },
    groups: { session: () => session, wake: (group: string) => woken.push(group) },
  };
  await endGone(some(entrance), "g");
  expect([ended, woken]).toEqual(verdict === null ? [[], []] : [[verdict], ["g"]]);
});

test("GS-25 of a group that the server doesn't know the session hears it, unless the server was never told of it or this device is out of it", async () => {
  const groups = [
    { id: active, status: "active" },
    { id: joining, status: "joining" },
    { id: creating, status: "joining" },
    { id: removed, status: "removed" },
    { id: stopped, status: "stopped" },
  ];
  const group = async (id: unknown) =>
    await Promise.resolve({ request: { kind: id === creating ? "create" : "join" } });
  const store = { load: async () => await Promise.resolve({ groups }), group };
  const held = await groupsHeld(some({ store }));
  expect(held).toEqual([active, joining].map((id) => toText(id ?? new Uint8Array())));
  const ended: unknown[] = [];
  const session = (id: string) => ({ end: (verdict: string) => ended.push([id, verdict]) });
  endUnknown(some({ groups: { session } }), held, [viewOf(held[0], 1)]);
  expect(ended).toEqual([[held[1], "log-broken"]]);
});

test("GS-25 after a restore a group that the server has without this device is read once more, and again where nobody answered", async () => {
  const done: string[] = [];
  const standings: Record<string, string> = { in: "idle", out: "stopped", unread: "offline" };
  const session = (id: string) => ({
    end: (verdict: string) => done.push(`${id} ${verdict}`),
    advance: async () => await Promise.resolve({ kind: standings[id] }),
  });
  const entrance = some({ groups: { session } });
  const views = [viewOf("in", 3), viewOf("out", null), viewOf("not held", null)];
  expect(await endForgotten(entrance, ["in", "out"], views)).toBe(true);
  expect(done).toEqual(["out forgotten"]);
  expect(await endForgotten(entrance, ["unread", "out"], [...views, viewOf("unread", null)])).toBe(false);
});

function viewOf(group: string | undefined, cursor: number | null): GroupView {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what is looked at is there
  return { group, cursor } as unknown as GroupView;
}

function some(parts: object): Entrance {
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return parts as unknown as Entrance;
}
