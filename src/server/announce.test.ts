import { expect, test } from "vitest";
import { freshlySaved } from "../../test/helpers/core.ts";
import { initialState } from "../core/state.ts";
import { nothingObserved, type Observation } from "../tailnet/observe.ts";
import { whereItListens } from "./announce.ts";
import { readConfig } from "../config/config.ts";

const running: Observation["state"] = {
  kind: "running",
  addresses: ["100.64.0.1"],
  tun: true,
  self: { stableId: "n1", dnsName: "chat.tail.test", nodeName: "chat", ownerLogin: null, tags: [], keyExpiry: null },
  magicDnsSuffix: "tail.test",
  certDomains: [],
};

function said(observation: Partial<Observation>): string {
  const read = readConfig({}, {});
  if ("wrong" in read) throw new Error(read.wrong);
  const settings = {
    operators: [],
    maxSessions: 1,
    maxSessionsPerIdentity: 1,
    maxNamesPerIdentity: 1,
    maxNamesOfLocal: 1,
  };
  return whereItListens({
    config: read.config,
    port: 12345,
    addresses: ["127.0.0.1", "::1"],
    missing: [],
    observation: { ...nothingObserved, state: running, ...observation },
    state: initialState(settings, freshlySaved),
  }).join("\n");
}

test("SV-3 Running, with an address that no interface has yet, is said", () => {
  expect(said({ missing: ["100.64.0.1"] })).toContain("but no interface has 100.64.0.1 yet. Wait a moment.");
});

test("SV-3 Running, with addresses where the server does not listen, is said", () => {
  expect(said({ listenOn: ["100.64.0.1"] })).toContain("running with 100.64.0.1, where this server does not listen.");
});
