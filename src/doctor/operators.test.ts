import { expect, test } from "vitest";
import { RUNNING } from "../../test/helpers/doctor.ts";
import { examineOperators, type OperatorFacts } from "./operators.ts";

const tagged = { ...RUNNING, self: { ...RUNNING.self, ownerLogin: null, tags: ["tag:chat"] } };

function look(facts: Partial<OperatorFacts>) {
  return examineOperators({
    state: tagged,
    tailscaleKnown: true,
    first: null,
    configured: [],
    capability: "padserve.dev/cap/chat",
    trustLocal: false,
    granted: { who: [], complete: true },
    claims: [],
    ...facts,
  });
}

test("DR-7 owner, configuration and policy each make operators, and it is said which does", () => {
  const granted = { who: ["carol@example.com"], complete: false };
  expect(look({ state: RUNNING, configured: ["login:bob@example.com"], granted })).toEqual([
    {
      area: "operators",
      level: "ok",
      what:
        "alice@example.com, who owns this machine; login:bob@example.com, by configuration; " +
        "carol@example.com, by the tailnet's policy; perhaps more by the policy (not every node could be asked about)",
    },
  ]);
});

test("DR-7 where nobody is operator it is a warning that tells both ways to one", () => {
  expect(look({})).toEqual([
    expect.objectContaining({
      level: "warning",
      what: "Nobody is operator.",
      next: expect.stringMatching(/--operator .* padserve\.dev\/cap\/chat/),
    }),
  ]);
  expect(look({ granted: null })[0]?.what).toBe("Nobody is operator, unless the tailnet's policy says so.");
});

test("DR-7 while Tailscale isn't running nothing is claimed of whom it makes operator", () => {
  expect(look({ state: { kind: "stopped" }, granted: null })).toEqual([expect.objectContaining({ level: "note" })]);
});

test("DR-7 where no Tailscale ever was, the first to register is operator", () => {
  const [first] = look({ state: { kind: "absent" }, tailscaleKnown: false, granted: null });
  expect(first).toMatchObject({ level: "note", what: expect.stringContaining("Whoever registers while nobody else") });
});

test("DR-7 where the first one's right is kept, it is said whose it is", () => {
  expect(look({ state: { kind: "absent" }, tailscaleKnown: false, granted: null, first: "alice" })).toEqual([
    { area: "operators", level: "ok", what: "alice, who came first (padserve operators clear takes that back)" },
  ]);
});

test("DR-7 trusting this machine is a warning", () => {
  expect(look({ state: RUNNING, trustLocal: true }).map(({ level }) => level)).toEqual(["ok", "warning"]);
});

test.each([
  ["nobody", []],
  ["this machine", [{ name: "Boss", identity: "this machine" }]],
  ["an IPv4 address", [{ name: "boss", identity: "100.64.0.9" }]],
  ["an IPv6 address", [{ name: "boss", identity: "fd7a:115c:a1e0::9" }]],
])("DR-8 a configured name that %s has claimed is a warning, since it can be taken", (_who, claims) => {
  for (const entry of ["boss", "name:boss"]) {
    expect(look({ configured: [entry], claims })).toEqual([
      expect.objectContaining({
        level: "warning",
        what: expect.stringMatching(/^boss is operator by configuration, and/),
      }),
    ]);
  }
});

test("DR-8 a name that a login has claimed, a login, and a name in a store that can't be read are no such warning", () => {
  const claims = [{ name: "BOSS", identity: "bob@example.com" }];
  for (const facts of [
    { configured: ["boss"], claims },
    { configured: ["login:boss"] },
    { configured: ["boss"], claims: null },
  ]) {
    expect(look(facts)).toEqual([expect.objectContaining({ level: "ok" })]);
  }
});
