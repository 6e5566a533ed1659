import { expect, test } from "vitest";
import {
  alice,
  backup,
  bob,
  groundOf,
  local,
  mallory,
  outcome,
  phone,
  world,
  type World,
} from "../../test/helpers/core.ts";
import type { Identity } from "./identity.ts";

const noTailscaled = { tailscaledSeen: false };

interface Entry {
  readonly entry: string;
  readonly identity: Identity;
  readonly name: string;
  readonly operator: boolean;
}
const impostor: Identity = { kind: "person", login: "root" };
test.each<Entry>([
  { entry: "root", identity: bob, name: "ROOT", operator: true },
  { entry: "Root", identity: backup, name: "root", operator: true },
  { entry: "bob@example.com", identity: bob, name: "anything", operator: true },
  { entry: "BOB@example.com", identity: bob, name: "anything", operator: true },
  { entry: "login:bob@example.com", identity: bob, name: "anything", operator: true },
  { entry: "name:root", identity: bob, name: "root", operator: true },
  { entry: "name:root", identity: impostor, name: "bob", operator: false },
  { entry: "login:root", identity: bob, name: "root", operator: false },
  {
    entry: "login:root",
    identity: { kind: "machine", node: "root", label: "root", tags: [] },
    name: "box",
    operator: false,
  },
  { entry: "login:local", identity: local, name: "box", operator: false },
  { entry: "tagged-devices", identity: backup, name: "box", operator: false },
  { entry: "roo", identity: bob, name: "root", operator: false },
  { entry: "", identity: bob, name: "root", operator: false },
  { entry: "name:", identity: bob, name: "root", operator: false },
  { entry: "login:", identity: backup, name: "root", operator: false },
])("ID-41 configured $entry: $identity.kind as $name operator: $operator", ({ entry, identity, name, operator }) => {
  const w = world({ operators: [entry] });
  expect(w.join(1, identity, name).heard).toEqual([{ to: 1, notice: { kind: "registered", name, operator } }]);
  expect(groundOf(w, 1)).toBe(operator ? "configured" : null);
});

test("ID-41 the configured name, once claimed, makes nobody else operator", () => {
  const w = world({ operators: ["root"] });
  w.join(1, alice, "root");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(outcome(w.join(2, mallory, "root"))).toBe("refused: name-taken");
});

test("ID-41 who takes over the configured name from a weaker claim gets no right with it", () => {
  const w = world({ operators: ["root"] });
  w.join(1, local, "root");
  w.run({ kind: "end", session: 1, refusal: null });
  w.join(2, mallory, "root");
  expect(groundOf(w, 2)).toBe(null);
});

test.each(["owner", "capability"] as const)("ID-42 the tailnet's %s is operator under every name", (ground) => {
  const w = world();
  w.join(1, alice, "one", ground);
  w.join(2, alice, "two", ground);
  w.join(3, bob, "bob");
  expect([groundOf(w, 1), groundOf(w, 2), groundOf(w, 3)]).toEqual([ground, ground, null]);
});

test("ID-43 without tailscaled, who registers while nobody is registered is operator", () => {
  const w = world({}, noTailscaled);
  w.run({ kind: "open", sharing: "exclusive", session: 9, identity: bob, grant: null });
  w.join(1, phone, "alice");
  w.join(2, local, "bob");
  expect([groundOf(w, 1), groundOf(w, 2)]).toEqual(["first", null]);
});

test("ID-43 where the configuration names somebody, nobody is operator by being first", () => {
  const w = world({ operators: ["name:root"] }, noTailscaled);
  w.join(1, local, "early");
  w.join(2, local, "root");
  expect([groundOf(w, 1), groundOf(w, 2)]).toEqual([null, "configured"]);
});

test("ID-43 a local user's right goes with the session, for any user of the machine could take the name", () => {
  const w = world({}, noTailscaled);
  w.join(1, local, "alice");
  w.join(2, local, "bob");
  w.run({ kind: "end", session: 1, refusal: null });
  w.join(3, local, "alice");
  expect([groundOf(w, 2), groundOf(w, 3)]).toEqual([null, null]);
  w.run({ kind: "end", session: 2, refusal: null });
  w.run({ kind: "end", session: 3, refusal: null });
  w.join(4, local, "carol");
  expect(groundOf(w, 4)).toBe("first");
});

test("ID-43 a local name's right is kept with its key, and comes back to whoever proves that, to nobody else", () => {
  const w = world({}, noTailscaled);
  w.joinShared(1, local, "alice", "key of alice");
  expect(groundOf(w, 1)).toBe("first");
  w.run({ kind: "end", session: 1, refusal: null });
  w.join(2, local, "alice");
  w.join(3, phone, "bob");
  expect([groundOf(w, 2), groundOf(w, 3)]).toEqual([null, null]);
  w.run({ kind: "end", session: 2, refusal: null });
  w.joinShared(4, local, "alice", "another key");
  expect(groundOf(w, 4)).toBe(null);
  w.run({ kind: "end", session: 4, refusal: null });
  w.joinShared(5, local, "other", "key of alice");
  w.joinShared(6, local, "ALICE", "key of alice");
  expect([groundOf(w, 5), groundOf(w, 6)]).toEqual([null, "first"]);
  const later = w.restarted();
  later.joinShared(1, local, "bob", "key of bob");
  later.joinShared(2, local, "alice", "key of alice");
  expect([groundOf(later, 1), groundOf(later, 2)]).toEqual([null, "first"]);
});

test("ID-43 an address's right is kept for that address and name over lost connections and restarts, whoever comes first after it", () => {
  const w = world({}, noTailscaled);
  w.join(1, phone, "alice");
  w.run({ kind: "end", session: 1, refusal: null });
  w.join(2, tablet, "bob");
  w.join(3, local, "carol");
  w.join(4, phone, "other");
  expect([groundOf(w, 2), groundOf(w, 3), groundOf(w, 4)]).toEqual([null, null, null]);
  w.join(5, phone, "ALICE");
  expect(groundOf(w, 5)).toBe("first");
  const later = w.restarted();
  expect(groundOf(joined(later, 1, tablet, "bob"), 1)).toBe(null);
  expect(groundOf(joined(later, 2, phone, "alice"), 2)).toBe("first");
});

test("ID-43 the administrator takes the kept right back, and the next first has it", () => {
  const w = world({}, noTailscaled);
  w.join(1, phone, "alice");
  w.join(2, tablet, "bob");
  const step = w.run({ kind: "clear-kept-right" });
  expect(step.heard).toContainEqual({ to: 1, notice: { kind: "operator-changed", operator: false } });
  expect(groundOf(w, 1)).toBe(null);
  w.run({ kind: "end", session: 1, refusal: null });
  w.join(3, phone, "alice");
  expect(groundOf(w, 3)).toBe(null);
  w.run({ kind: "end", session: 2, refusal: null });
  w.run({ kind: "end", session: 3, refusal: null });
  w.join(4, tablet, "bob");
  expect(groundOf(w, 4)).toBe("first");
  expect(outcome(world().run({ kind: "clear-kept-right" }))).toBe("unchanged");
  w.run({ kind: "clear-kept-right" });
  expect(groundOf(joined(w.restarted(), 1, phone, "alice"), 1)).toBe("first");
});

const tablet: Identity = { kind: "address", address: "100.64.0.8" };

function joined(w: World, session: number, identity: Identity, name: string): World {
  w.join(session, identity, name);
  return w;
}

test("ID-43 asking again who the first one is doesn't take its right", () => {
  const w = world({}, noTailscaled);
  w.join(1, phone, "alice");
  expect(outcome(w.run({ kind: "refresh-identity", session: 1, identity: phone, grant: null }))).toBe("unchanged");
  expect(groundOf(w, 1)).toBe("first");
});

test("ID-45 where tailscaled has ever answered, nobody is operator by being first", () => {
  const w = world();
  w.join(1, alice, "alice");
  expect(groundOf(w, 1)).toBe(null);
});

test("ID-45 tailscaled's first answer takes the first one's right, tells it, and is remembered over a restart", () => {
  const w = world({}, noTailscaled);
  w.join(1, phone, "alice");
  w.join(2, local, "bob");
  const step = w.run({ kind: "tailscaled-seen" });
  expect(step.heard).toEqual([{ to: 1, notice: { kind: "operator-changed", operator: false } }]);
  expect(outcome(w.run({ kind: "list-bans", session: 1 }))).toBe("refused: not-operator");
  w.run({ kind: "tailscaled-presence", present: false });
  const later = w.restarted();
  later.join(1, phone, "alice");
  expect(groundOf(later, 1)).toBe(null);
});

test("ID-45 a tailscaled that is there and silent takes the first one's right while it is there", () => {
  const w = world({}, noTailscaled);
  w.join(1, phone, "alice");
  const step = w.run({ kind: "tailscaled-presence", present: true });
  expect(step.heard).toEqual([{ to: 1, notice: { kind: "operator-changed", operator: false } }]);
  expect(w.facts.map(({ kind }) => kind)).toEqual(["name-claimed", "right-kept"]);
  w.run({ kind: "end", session: 1, refusal: null });
  w.join(2, phone, "alice");
  expect(groundOf(w, 2)).toBe(null);
  w.run({ kind: "end", session: 2, refusal: null });
  w.run({ kind: "tailscaled-presence", present: false });
  w.join(3, phone, "alice");
  expect(groundOf(w, 3)).toBe("first");
});

test("ID-45 tailscaled's answer leaves the configuration's operators alone, and a second one changes nothing", () => {
  const w = world({ operators: ["alice"] }, noTailscaled);
  w.join(1, phone, "alice");
  expect(outcome(w.run({ kind: "tailscaled-presence", present: true }))).toBe("tailscaled-presence");
  expect(outcome(w.run({ kind: "tailscaled-seen" }))).toBe("tailscaled-seen");
  expect(groundOf(w, 1)).toBe("configured");
  expect(outcome(w.run({ kind: "tailscaled-presence", present: true }))).toBe("unchanged");
  expect(outcome(w.run({ kind: "tailscaled-seen" }))).toBe("unchanged");
});
