import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { converse } from "../helpers/conversation.ts";
import { startTestServer } from "../helpers/server.ts";

const NOW = Date.UTC(2026, 10, 22);
const YEARS_AGO = Date.UTC(2020, 0, 1);

// Only the wall clock is a fake one: it is what somebody sets back.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

test("SC-44 with the clock set back by years the flood limit lets messages through again as ever", async () => {
  await using server = await startTestServer({ config: { messageRate: 5 } });
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  let answer = "";
  while (answer !== "ERROR Too many messages") {
    alice.broadcast("");
    answer = await alice.line();
  }
  vi.setSystemTime(YEARS_AGO);
  while (answer !== "BROADCAST SENT") {
    alice.broadcast("the last");
    answer = await alice.line();
  }
  let heard = "";
  while (heard !== "the last") heard = (await bob.message()).text;
});

test("SC-44 with the clock set back, who says nothing is still timed out, and who talks is not", async () => {
  await using server = await startTestServer({ config: { registerTimeout: 1000, messageRate: 0 } });
  const talk = converse(await server.join("alice"), await server.join("bob"));
  const silent = await server.connect();
  vi.setSystemTime(YEARS_AGO);
  expect(await silent.closed()).toEqual(["ERROR Timed out"]);
  expect(await talk.stop()).toBeGreaterThan(0);
});

test("SC-45 what is stored bears the wall clock's time, whatever it was before", async () => {
  const store = createMemoryStore();
  await using server = await startTestServer({ store });
  const alice = await server.join("alice");
  vi.setSystemTime(YEARS_AGO);
  await server.join("bob");
  expect(await alice.ask("BAN mallory")).toBe("SUCCESS Banned client mallory");
  const { claims, bans } = await store.load();
  expect(claims.map(({ name, claimedAt }) => [name, claimedAt])).toEqual([
    ["alice", NOW],
    ["bob", YEARS_AGO],
  ]);
  expect(bans).toEqual([{ name: "mallory", identity: null, by: "alice", bannedAt: YEARS_AGO }]);
});
