import { expect, test } from "vitest";
import { AgentStoreError } from "../storage/errors.ts";
import { HELLO, ownDisk } from "./own-disk.ts";
import type { DiskState } from "./own-disk.ts";

const FULL = new AgentStoreError("full", "No space left");
const BROKEN = new AgentStoreError("failed", "disk I/O error");
const AGAIN = { keeps: true };

test("AG-62 is told once for all that fails, and is over when each of it was done since", () => {
  const { disk, told } = watched();
  disk.failed("session", "a", FULL);
  disk.failed("session", "a", FULL);
  disk.failed("session", "b", BROKEN);
  disk.failed("task", "connection", FULL);
  expect(told).toEqual([{ keeps: false, why: "full" }]);
  disk.done("session", "c");
  disk.done("session", "a");
  disk.done("task", "connection");
  expect(told.length).toBe(1);
  disk.done("session", "b");
  disk.done("session", "b");
  expect(told.slice(1)).toEqual([AGAIN]);
  disk.failed("session", "b", BROKEN);
  expect(told.slice(2)).toEqual([{ keeps: false, why: "unwritable" }]);
});

test("AG-62 passes over what no disk is to blame for", () => {
  const { disk, told } = watched();
  disk.failed("task", "rooms", new Error("not ours"));
  disk.failed("session", "a", new AgentStoreError("conflict", "doesn't fit"));
  disk.done("session", "a");
  expect(told).toEqual([]);
});

test("AG-62 holds tasks for done that come again with a connection when that has come, and no session", () => {
  const { disk, told } = watched();
  disk.failed("task", "own devices", FULL);
  disk.lost();
  disk.done("task", "own devices");
  expect(told.length).toBe(1);
  disk.done("task", HELLO);
  expect(told.slice(1)).toEqual([AGAIN]);
  disk.lost();
  disk.failed("session", "a", FULL);
  disk.lost();
  disk.done("task", HELLO);
  expect(told.length).toBe(3);
  disk.done("session", "a");
  expect(told.slice(3)).toEqual([AGAIN]);
});

function watched() {
  const told: DiskState[] = [];
  return { disk: ownDisk((state) => told.push(state)), told };
}
