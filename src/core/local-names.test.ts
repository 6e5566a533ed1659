import { expect, test } from "vitest";
import { alice, local, outcome, phone, world } from "../../test/helpers/core.ts";

test("ID-55 who hasn't proved a local name's key is refused, and whoever has bears it on all their devices", () => {
  const w = world();
  w.keyName("alice", "key");
  expect(outcome(w.join(1, local, "Alice"))).toBe("refused: name-has-key");
  expect(outcome(w.joinShared(2, local, "alice"))).toBe("refused: name-has-key");
  expect(outcome(w.joinShared(3, local, "alice", "another"))).toBe("refused: name-has-key");
  expect(outcome(w.joinShared(4, local, "alice", "key"))).toBe("name-claimed, session-registered");
  expect(outcome(w.joinShared(5, local, "alice", "key"))).toBe("session-registered");
  expect(outcome(w.run({ kind: "register", session: 1, name: "carol" }))).toBe("name-claimed, session-registered");
});

test("ID-55 while somebody bears a local name without a key, nobody brings it one; and the other way round", () => {
  const w = world();
  w.join(1, local, "alice");
  expect(outcome(w.joinShared(2, local, "alice", "key"))).toBe("refused: name-taken");
  w.run({ kind: "end", session: 1, refusal: null });
  expect(outcome(w.run({ kind: "register", session: 2, name: "alice", userKey: "key" }))).toBe("session-registered");
  expect(outcome(w.join(3, local, "alice"))).toBe("refused: name-taken");
  expect(outcome(w.joinShared(4, local, "alice", "another"))).toBe("refused: name-taken");
});

test("ID-55 a name that tailnet or address vouches for needs no key, whatever a local one of that name had", () => {
  const w = world();
  w.keyName("alice", "key");
  expect(outcome(w.join(1, alice, "alice"))).toBe("name-claimed, session-registered");
  w.keyName("phone", "key");
  expect(outcome(w.join(2, phone, "phone"))).toBe("name-claimed, session-registered");
});
