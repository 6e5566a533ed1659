import { expect, test } from "vitest";
import type { NetMap } from "./local-api/answers.ts";
import { failure, success, type Outcome } from "./local-api/outcome.ts";
import { followNodesPresent, type NodesPresent } from "./nodes-present.ts";
import { nothingObserved, type Observation } from "./observe.ts";
import type { TailscaleState } from "./state.ts";

const RUNNING: TailscaleState = {
  kind: "running",
  addresses: ["100.64.0.1"],
  tun: true,
  self: { stableId: "n1", dnsName: "", nodeName: "", ownerLogin: null, tags: [], keyExpiry: null },
  magicDnsSuffix: "",
  certDomains: [],
};

/** Tailscale as this test says it is; `look` lets one interval go by. */
function tailscale(map: Outcome<NetMap>) {
  const reports: NodesPresent[] = [];
  const listeners = new Set<(observation: Observation) => void>();
  const now = { state: RUNNING, time: 1000, map };
  const asked: (() => void)[] = [];
  const stop = followNodesPresent({
    api: {
      netMap: () => {
        const answer = Promise.withResolvers<Outcome<NetMap>>();
        asked.push(() => answer.resolve(now.map));
        return answer.promise;
      },
    },
    monitor: {
      current: () => ({ ...nothingObserved, state: now.state }),
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    every: 1,
    onReport: (report) => reports.push(report),
    now: () => now.time,
  });
  return {
    reports,
    now,
    stop,
    become: (state: TailscaleState) => {
      now.state = state;
      for (const listener of listeners) listener({ ...nothingObserved, state });
    },
    /** Answers the question on its way, awaiting one, after so long. */
    answer: async (milliseconds: number) => {
      while (asked.length === 0) await new Promise(setImmediate);
      now.time += milliseconds;
      asked.shift()?.();
      await new Promise(setImmediate);
    },
  };
}

const MAP = success<NetMap>({ running: true, nodes: ["n1", "n2"], names: [], addresses: [] });

test("TN-24 while Tailscale is Running it is told again and again which nodes there are, and for how long that is so", async () => {
  const { reports, answer, stop, now } = tailscale(MAP);
  await answer(0);
  await answer(500);
  now.map = success({ running: true, nodes: ["n1"], names: [], addresses: [] });
  await answer(700);
  stop();
  expect(reports).toEqual([
    { nodes: ["n1", "n2"], elapsed: 0 },
    { nodes: ["n1", "n2"], elapsed: 500 },
    { nodes: ["n1"], elapsed: 700 },
  ]);
});

test("TN-24 a time in which Tailscale wasn't Running is nobody's absence", async () => {
  const { reports, answer, become, stop } = tailscale(MAP);
  await answer(0);
  become({ kind: "stopped" });
  become(RUNNING);
  await answer(5000);
  await answer(40);
  stop();
  expect(reports.map(({ elapsed }) => elapsed)).toEqual([0, 0, 40]);
});

test("TN-24 a break while the map was being read counts as one", async () => {
  const { reports, answer, become, stop } = tailscale(MAP);
  await answer(0);
  // The next question is on its way.
  await new Promise((resolve) => setTimeout(resolve, 5));
  become({ kind: "starting" });
  become(RUNNING);
  await answer(5000);
  stop();
  expect(reports.map(({ elapsed }) => elapsed)).toEqual([0, 0]);
});

test.each([
  ["a map from before it was Running", success<NetMap>({ running: false, nodes: ["n1"], names: [], addresses: [] })],
  ["no answer", failure({ kind: "timeout" })],
])("TN-24 %s reports nothing, and the time goes on", async (_what, map) => {
  const { reports, answer, now, stop } = tailscale(MAP);
  await answer(0);
  now.map = map;
  await answer(300);
  now.map = MAP;
  await answer(200);
  stop();
  expect(reports.map(({ elapsed }) => elapsed)).toEqual([0, 500]);
});
