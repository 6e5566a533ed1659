import { expect, test, vi } from "vitest";
import type { GroupSession } from "../group-sessions/session.ts";
import type { GroupRow } from "../storage/kept.ts";
import { groupsOf } from "./groups.ts";

const id = new Uint8Array(16).fill(1);
const row: GroupRow = {
  id,
  conversation: "everyone",
  status: "active",
  stopped: null,
  cursor: 0,
  hash: new Uint8Array(32),
  sent: 0,
  updateDue: 0,
  successor: null,
};

test("SR-28 a group to which others' waiting messages have come is read anew by the one session that it has", async () => {
  const close = vi.fn<GroupSession["close"]>(async () => {});
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const open = vi.fn<() => GroupSession>(() => ({ id, close }) as unknown as GroupSession);
  const groups = groupsOf({ rows: [row], open, advanced: async () => {}, failed: () => {} });
  const before = groups.of("everyone");
  await groups.reread(id, "everyone");
  expect(groups.of("everyone")).toBe(before);
  expect(close).toHaveBeenCalledOnce();
  expect(open).toHaveBeenCalledOnce();
});

test("CS-45 one conversation is waited for without the others, whatever these wait for", async () => {
  const { promise: turn, resolve: grantTurn } = Promise.withResolvers<void>();
  const other = { ...row, id: new Uint8Array(16).fill(2), conversation: "room:ops" };
  const done: string[] = [];
  const open = (of: Uint8Array, conversation: string): GroupSession => {
    const advance = async () => {
      if (conversation === "room:ops") await turn;
      done.push(conversation);
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { id: of, advance } as unknown as GroupSession;
  };
  const groups = groupsOf({ rows: [row, other], open, advanced: async () => {}, failed: () => {} });
  groups.wakeAll();
  await groups.settled("everyone");
  expect(done).toEqual(["everyone"]);
  grantTurn();
  await groups.settled();
  expect(done).toEqual(["everyone", "room:ops"]);
});
