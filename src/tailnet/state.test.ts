import { expect, test } from "vitest";
import { describeState } from "./describe-state.ts";
import { decodeStatus } from "./local-api/answers.ts";
import type { LocalApiProblem } from "./local-api/outcome.ts";
import { stateFromStatus } from "./state.ts";
import type { TailscaleState } from "./state.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

const running = {
  BackendState: "Running",
  TUN: true,
  TailscaleIPs: ["100.64.0.1", "fd7a:115c:a1e0::1"],
  Self: { ID: "n1CNTRL", DNSName: "box.tail1234.ts.net.", UserID: 11, KeyExpiry: "2027-02-01T00:00:00Z" },
  MagicDNSSuffix: "tail1234.ts.net",
  CertDomains: ["box.tail1234.ts.net"],
  User: { "11": { LoginName: "alice@example.com" } },
};

/** As it comes over the wire; a string is taken for JSON already. */
function state(status: object | string): TailscaleState {
  const decoded = decodeStatus(typeof status === "string" ? status : JSON.stringify(status));
  if (!decoded.ok) {
    throw new Error(JSON.stringify(decoded.problem));
  }
  return stateFromStatus(decoded.value, NOW);
}

test("TN-12 Running tells the node's addresses, mode, name and owner", () => {
  expect(state(running)).toEqual({
    kind: "running",
    addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    tun: true,
    self: {
      stableId: "n1CNTRL",
      dnsName: "box.tail1234.ts.net",
      nodeName: "box",
      ownerLogin: "alice@example.com",
      ownerId: "11",
      tags: [],
      keyExpiry: "2027-02-01T00:00:00Z",
    },
    magicDnsSuffix: "tail1234.ts.net",
    certDomains: ["box.tail1234.ts.net"],
  });
});

test.each([
  ["NoState", { kind: "no-state" }],
  ["NeedsMachineAuth", { kind: "needs-approval" }],
  ["InUseOtherUser", { kind: "in-use-by-other-user" }],
  ["Stopped", { kind: "stopped" }],
  ["Starting", { kind: "starting" }],
  ["NeedsLogin", { kind: "needs-login", url: null, keyExpired: false }],
] as const)("TN-12 %s is a state without addresses, though tailscaled repeats them", (BackendState, expected) => {
  expect(state({ ...running, BackendState })).toEqual(expected);
});

test("TN-12 NeedsLogin has its link, and says when an expired key is the reason", () => {
  const login = { ...running, BackendState: "NeedsLogin", AuthURL: "https://login.example/a/1" };
  expect(state(login)).toEqual({ kind: "needs-login", url: "https://login.example/a/1", keyExpired: false });
  expect(state({ ...login, Self: { ...running.Self, Expired: true } })).toMatchObject({ keyExpired: true });
  expect(state({ ...login, Self: { ...running.Self, KeyExpiry: "2026-11-22T11:59:59Z" } })).toMatchObject({
    keyExpired: true,
  });
});

test("TN-12 a state that we don't know, or Running without what it needs, counts as unreachable", () => {
  const unusable = { kind: "unreachable", problem: { kind: "malformed" } };
  expect(state({ ...running, BackendState: "Dreaming" })).toMatchObject(unusable);
  expect(state({ ...running, TUN: null })).toMatchObject(unusable);
  expect(state({ ...running, Self: null })).toMatchObject(unusable);
});

test.each([
  ["a tagged node", { Self: { ...running.Self, Tags: ["tag:chat"] } }],
  ["the login of tagged devices", { User: { "11": { LoginName: "tagged-devices" } } }],
  ["a node without a profile", { User: null }],
  ["an empty login", { User: { "11": { LoginName: "" } } }],
])("TN-13 %s has no owner", (_name, change) => {
  expect(state({ ...running, ...change })).toMatchObject({ self: { ownerLogin: null } });
});

test("TN-13 ids above 2^53 find their own profile, never the one whose number rounds to the same", () => {
  const json = JSON.stringify(running).replaceAll("11", "9007199254740993").replace("n9007199254740993", "n1");
  expect(state(json)).toMatchObject({ self: { ownerLogin: "alice@example.com" } });
  const two = json.replace('"User":{', '"User":{"9007199254740992":{"LoginName":"mallory@example.com"},');
  expect(state(two)).toMatchObject({ self: { ownerLogin: "alice@example.com", ownerId: "9007199254740993" } });
});

const problems: readonly LocalApiProblem[] = [
  { kind: "absent" },
  { kind: "refused-connection" },
  { kind: "no-permission", text: "Tailscale already in use by\nCORP\\bob" },
  { kind: "timeout" },
  { kind: "disconnected" },
  { kind: "busy" },
  { kind: "http", status: 500, text: "no netmap available" },
  { kind: "malformed", text: "Self: Object expected" },
];

const others: readonly TailscaleState[] = [
  { kind: "absent" },
  { kind: "no-state" },
  { kind: "needs-login", url: null, keyExpired: false },
  { kind: "needs-login", url: null, keyExpired: true },
  { kind: "needs-approval" },
  { kind: "in-use-by-other-user" },
  { kind: "stopped" },
  { kind: "starting" },
];

test.each([...problems.map((problem) => ({ kind: "unreachable", problem }) as const), ...others])(
  "TN-14 %j has one plain sentence and a next step, each on one line",
  (given) => {
    const { what, next } = describeState(given);
    expect(what).toMatch(/^[^\p{Cc}]+[.)]?[^\p{Cc}]*$/u);
    expect(next).toMatch(/^[^\p{Cc}]+$/u);
  },
);

test("TN-14 the link of a login is the next step, and running needs none", () => {
  const login = describeState({ kind: "needs-login", url: "https://login.example/a/1", keyExpired: false });
  expect(login).toEqual({ what: "Tailscale is not logged in.", next: "Log in at https://login.example/a/1" });
  expect(describeState(state(running))).toEqual({ what: "Tailscale is running.", next: null });
  expect(describeState(state({ ...running, TUN: false })).what).toContain("userspace");
});
