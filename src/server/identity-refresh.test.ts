import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Command } from "../core/commands.ts";
import type { Identified, Identifier } from "../tailnet/identify.ts";
import { IdentityRefresh } from "./identity-refresh.ts";

const NEWS_EVERY = 5000;
const BOB: Identified = {
  kind: "known",
  identity: { kind: "person", login: "bob@example.com" },
  grant: null,
  online: true,
  sharedIn: false,
};

let answers: PromiseWithResolvers<Identified>[];
let posted: Command[];
let byNode: Identifier["byNode"];
let identityRefresh: IdentityRefresh;

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  posted = [];
  byNode = (peers) => Array.from(peers, ([session]) => [session]);
  identityRefresh = new IdentityRefresh({
    identifier: {
      identify() {
        const answer = Promise.withResolvers<Identified>();
        answers.push(answer);
        return answer.promise;
      },
      byNode: (peers) => byNode(peers),
    },
    mayAsk: () => true,
    post: (command) => posted.push(command),
    every: 3_600_000,
    newsEvery: NEWS_EVERY,
    offlineAfter: 120_000,
    now: () => Date.now(),
  });
  identityRefresh.add(1, { address: "100.64.0.2", port: 50_000 });
});

afterEach(() => {
  identityRefresh.stop();
  vi.useRealTimers();
});

test("TS-25 news bring a round at once; more of them bring one more, and not sooner than one may be", async () => {
  identityRefresh.hearNews();
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toHaveLength(1);
  answers[0]?.resolve(BOB);
  for (let news = 0; news < 5; news += 1) identityRefresh.hearNews();
  await vi.advanceTimersByTimeAsync(NEWS_EVERY - 1);
  expect(posted).toHaveLength(1);
  expect(answers).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(answers).toHaveLength(2);
});

test("TS-25 a round that was under way when the news came is not enough", async () => {
  void identityRefresh.askAll();
  expect(answers).toHaveLength(1);
  identityRefresh.hearNews();
  await vi.advanceTimersByTimeAsync(0);
  answers[0]?.resolve(BOB);
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toHaveLength(2);
});

test("TS-25 all sessions of a node are judged by the one answer, and none that has left meanwhile", async () => {
  byNode = (peers) => [Array.from(peers, ([session]) => session)];
  for (const session of [2, 3]) identityRefresh.add(session, { address: "100.64.0.2", port: 50_000 + session });
  const round = identityRefresh.askAll();
  identityRefresh.remove(2);
  expect(answers).toHaveLength(1);
  answers[0]?.resolve(BOB);
  await round;
  expect(posted).toMatchObject([
    { kind: "refresh-identity", session: 1, identity: { login: "bob@example.com" } },
    { kind: "refresh-identity", session: 3, identity: { login: "bob@example.com" } },
  ]);
});

test("TS-25 none comes of them after stop", async () => {
  identityRefresh.hearNews();
  identityRefresh.stop();
  await vi.advanceTimersByTimeAsync(NEWS_EVERY);
  expect(answers).toHaveLength(0);
});
