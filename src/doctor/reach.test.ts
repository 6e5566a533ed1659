import { expect, test } from "vitest";
import { RUNNING, tailscaleFacts } from "../../test/helpers/doctor.ts";
import { nothingObserved } from "../tailnet/observe.ts";
import type { Greeting } from "./greeting.ts";
import type { ReachFacts } from "./reach-facts.ts";
import { examineReach } from "./reach.ts";
import { examineYou } from "./you.ts";

const V4 = "100.64.0.1";
const V6 = "fd7a:115c:a1e0::1";
const classic: Greeting = { kind: "classic", connected: 3.4, answered: 12.6 };
const ASKED = Date.parse("2026-12-01T12:00:00Z");

function facts(greetings: ReachFacts["greetings"], other: Partial<ReachFacts> = {}): ReachFacts {
  return {
    target: { host: "chat", port: 12345 },
    lookup: { addresses: greetings.map(([address]) => address), milliseconds: 0.4 },
    greetings,
    health: { kind: "not-for-us", date: ASKED },
    asked: ASKED,
    ...other,
  };
}

test("DR-14 it is told what a name is, and of each family whether it connects and how fast", () => {
  expect(
    examineReach(
      facts([
        [V4, classic],
        [V6, classic],
      ]),
      tailscaleFacts(),
    ).map(({ what }) => what),
  ).toEqual([
    `chat is ${V4}, ${V6} (less than 1 ms)`,
    `${V4}:12345 connects in 3 ms, answers in 13 ms`,
    `[${V6}]:12345 connects in 3 ms, answers in 13 ms`,
    "classic; HTTP",
  ]);
});

test("DR-15 a server of sealed rooms alone is told as such", () => {
  const found = examineReach(facts([[V4, { kind: "sealed-only", connected: 3 }]]), tailscaleFacts());
  expect(found.at(-1)).toMatchObject({
    level: "ok",
    what: "frames; HTTP (--no-classic: the original's clients, nc and curl are refused, pad chat is not)",
  });
});

test("DR-14 one family that doesn't connect is a warning, all of them an error", () => {
  const dead: Greeting = { kind: "unreachable", code: "ETIMEDOUT" };
  const half = examineReach(
    facts([
      [V4, classic],
      [V6, dead],
    ]),
    tailscaleFacts(),
  );
  expect(half.find(({ area }) => area === "IPv6")).toMatchObject({ level: "warning" });
  const none = examineReach(
    facts(
      [
        [V4, dead],
        [V6, dead],
      ],
      { health: null },
    ),
    tailscaleFacts(),
  );
  expect(none.filter(({ level }) => level === "error").map(({ area }) => area)).toEqual(["IPv4", "IPv6"]);
});

test("DR-14 an address of the tailnet can't be reached where this machine's Tailscale doesn't run", () => {
  const [, found] = examineReach(
    facts([[V4, { kind: "unreachable", code: "ETIMEDOUT" }]]),
    tailscaleFacts({ kind: "stopped" }),
  );
  expect(found).toMatchObject({ area: "IPv4", cause: "This machine's own Tailscale is not running." });
});

test("DR-14 in userspace mode it is no reason for an unknown name that the system takes none from the tailnet", () => {
  const unknown = facts([], { lookup: { error: new Error("ENOTFOUND") }, health: null });
  const observation = { ...nothingObserved, state: RUNNING, mode: "userspace" } as const;
  const prefs = { ShieldsUp: false, CorpDNS: false, ControlURL: "" };
  expect(examineReach(unknown, tailscaleFacts(RUNNING, { observation, prefs }))).toMatchObject([
    { area: "lookup", cause: "Neither the tailnet nor any other name server knows it." },
  ]);
});

test.each([
  [{ prefs: { ShieldsUp: false, CorpDNS: false, ControlURL: "" } }, "--accept-dns=false"],
  [{ magicDns: false }, "The tailnet has no MagicDNS"],
  [{}, "Neither the tailnet nor any other name server knows it."],
])("DR-14 why a name isn't known is told, as far as it can be", (settings, cause) => {
  const unknown = facts([], { lookup: { error: new Error("ENOTFOUND") }, health: null });
  expect(examineReach(unknown, tailscaleFacts(RUNNING, settings))).toEqual([
    expect.objectContaining({ area: "lookup", level: "error", cause: expect.stringContaining(cause) }),
  ]);
});

test("DR-15 a name to which the server doesn't answer over HTTP is a note with its option", () => {
  const health = { kind: "another-name", date: ASKED } as const;
  expect(examineReach(facts([[V4, classic]], { health }), tailscaleFacts())).toContainEqual(
    expect.objectContaining({ level: "note", next: expect.stringContaining("--alias chat") }),
  );
});

test.each([
  [59_000, []],
  [-59_000, []],
  [-180_000, ["The server's clock is 3 min behind this one."]],
  [240_000, ["The server's clock is 4 min ahead of this one."]],
])("DR-13 a server's clock that differs by %i ms", (difference, said) => {
  const health = { kind: "watched", date: ASKED + difference } as const;
  const found = examineReach(facts([[V4, classic]], { health }), tailscaleFacts());
  expect(found.filter(({ area }) => area === "clock").map(({ what }) => what)).toEqual(said);
});

const elsewhere = new Set(["127.0.0.1", "100.64.0.2"]);

test.each([
  ["its owner", RUNNING, "alice@example.com, says this machine's Tailscale"],
  [
    "a machine",
    { ...RUNNING, self: { ...RUNNING.self, ownerLogin: null, nodeName: "nas", tags: ["tag:backup"] } },
    "the machine nas (tag:backup), says its Tailscale",
  ],
  ["an address", { kind: "absent" }, "this machine's address, as no Tailscale here says more"],
] as const)("DR-15 who one is there is what our own Tailscale says: %s", (_who, state, what) => {
  expect(examineYou(facts([[V4, classic]]), tailscaleFacts(state), elsewhere)).toEqual([
    { area: "you", level: "ok", what },
  ]);
});

test("DR-15 who is shown what operators see is one; at an own address one is the machine's user, but not in userspace mode", () => {
  const watched = facts([[V4, classic]], { health: { kind: "watched", date: null } });
  expect(examineYou(watched, tailscaleFacts(), elsewhere)[0]?.what).toMatch(/; an operator there$/);
  const own = new Set([V4]);
  expect(examineYou(watched, tailscaleFacts(), own)[0]?.what).toBe("a user of the server's own machine");
  const observation = { ...nothingObserved, state: RUNNING, mode: "userspace" } as const;
  expect(examineYou(watched, tailscaleFacts(RUNNING, { observation }), own)[0]?.what).toMatch(/^alice@example\.com/);
});

test("DR-15 a full server is an error; of a server that isn't reached nothing is said", () => {
  const full: Greeting = { kind: "turned-away", reason: "server-full", connected: 1 };
  expect(examineYou(facts([[V4, full]]), tailscaleFacts(), elsewhere)).toEqual([
    expect.objectContaining({ level: "error", what: "The server is full, or you have too many connections to it." }),
  ]);
  const unreached = facts([[V4, { kind: "unreachable", code: "ETIMEDOUT" }]]);
  expect(examineYou(unreached, tailscaleFacts(), elsewhere)).toEqual([]);
});
