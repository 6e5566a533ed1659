import { expect, test } from "vitest";
import { RUNNING, tailscaleFacts } from "../../test/helpers/doctor.ts";
import type { SelfNode } from "../tailnet/state.ts";
import { examineNodeSettings } from "./node-settings.ts";
import type { TailscaleFacts } from "./tailscale-facts.ts";

const NOW = Date.parse("2026-12-01T12:00:00Z");

function about(area: string, facts: TailscaleFacts) {
  return examineNodeSettings(facts, NOW).find((finding) => finding.area === area);
}

function withKey(self: Partial<SelfNode>): TailscaleFacts {
  return tailscaleFacts({ ...RUNNING, self: { ...RUNNING.self, ...self } });
}

test("DR-4 shields up is an error; when it can't be asked, that is said", () => {
  const prefs = { ShieldsUp: true, CorpDNS: true, ControlURL: "" };
  expect(about("shields up", tailscaleFacts(RUNNING, { prefs }))).toMatchObject({ level: "error" });
  expect(about("shields up", tailscaleFacts(RUNNING, { prefs: null }))).toMatchObject({ level: "note" });
  expect(about("shields up", tailscaleFacts())).toMatchObject({ level: "ok" });
});

test.each([
  [null, "ok", "never expires"],
  ["0001-01-01T00:00:00Z", "ok", "never expires"],
  ["2026-12-15T12:00:00Z", "ok", "expires on 2026-12-15"],
  ["2026-12-15T11:59:59Z", "warning", "It expires on 2026-12-15, in 13 days."],
  ["2026-12-03T11:00:00Z", "warning", "It expires on 2026-12-03, in 1 day."],
  ["2026-12-01T13:00:00Z", "warning", "It expires on 2026-12-01, in less than a day."],
  ["2026-11-30T12:00:00Z", "warning", "It expired on 2026-11-30."],
])("DR-5 a key that expires at %s is %s", (keyExpiry, level, what) => {
  expect(about("key", withKey({ keyExpiry }))).toMatchObject({ level, what });
});

test("DR-5 of a tagged node it is said why its key never expires", () => {
  expect(about("key", withKey({ tags: ["tag:chat"] }))).toMatchObject({ what: "never expires (tag:chat)" });
});

test.each([
  ["HTTPS is off", {}, "HTTPS is not turned on in the tailnet."],
  ["MagicDNS is off, too", { magicDns: false }, "MagicDNS and HTTPS are not turned on in the tailnet."],
  [
    "another control server rules",
    { prefs: { ShieldsUp: false, CorpDNS: true, ControlURL: "https://headscale.example.com" } },
    "The control server gives no names to certify; Headscale never does.",
  ],
] as const)("DR-6 why certificates are not possible is told: %s", (_why, facts, cause) => {
  expect(about("https", tailscaleFacts(RUNNING, facts))).toMatchObject({ level: "note", cause });
});

test("DR-6 certificates are possible for the names that tailscaled tells", () => {
  const state = { ...RUNNING, certDomains: ["chat.tail1234.ts.net"] };
  expect(about("https", tailscaleFacts(state))).toEqual({
    area: "https",
    level: "ok",
    what: "certificates possible for chat.tail1234.ts.net",
  });
});

test("DR-4 where Tailscale doesn't run nothing is said of the node", () => {
  expect(examineNodeSettings(tailscaleFacts({ kind: "stopped" }), NOW)).toEqual([]);
});
