import * as fc from "fast-check";
import { expect, test } from "vitest";
import { describeIdentity, identityKey, isOfTailnet, type Identity } from "./identity.ts";

/** What tailnets give: logins without blanks, node names of DNS labels, tags of letters, digits and dashes. */
const login = fc.stringMatching(/^[a-z0-9.+-]{1,5}@[a-z]{1,4}$/);
const node = fc.stringMatching(/^[a-z0-9-]{1,3}(\.[a-z]{1,3})?$/);
const tag = fc.stringMatching(/^[a-c-]{1,2}$/).map((word) => `tag:${word}`);
const identity: fc.Arbitrary<Identity> = fc.oneof(
  login.map((word) => ({ kind: "person" as const, login: word })),
  fc.record({ kind: fc.constant("machine" as const), node, label: node, tags: fc.uniqueArray(tag, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant("labelled-machine" as const),
    label: node,
    tags: fc.uniqueArray(tag, { maxLength: 3 }),
  }),
  fc.oneof(fc.ipV4(), fc.ipV6()).map((address) => ({ kind: "address" as const, address })),
  fc.constant({ kind: "local" as const }),
);

test("ID-36 two identities are the same exactly when what makes them is", () => {
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      expect(identityKey(a) === identityKey(b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
    }),
  );
});

test("ID-36 no part of an identity reads like another kind's", () => {
  const spoofed: readonly Identity[] = [
    { kind: "local" },
    { kind: "person", login: "local" },
    { kind: "person", login: "tagged-devices" },
    { kind: "person", login: "100.64.0.7" },
    { kind: "address", address: "100.64.0.7" },
    { kind: "machine", node: "100.64.0.7", label: "local", tags: [] },
    { kind: "machine", node: "local", label: "local", tags: [] },
    { kind: "labelled-machine", label: "100.64.0.7", tags: [] },
    { kind: "labelled-machine", label: "a", tags: ["tag:b"] },
    { kind: "labelled-machine", label: "b", tags: ["tag:a"] },
    { kind: "labelled-machine", label: "a", tags: ["tag:b", "tag:c"] },
  ];
  expect(new Set(spoofed.map(identityKey)).size).toBe(spoofed.length);
});

test("ID-36 logins and node names are the same in either case, tags in any order", () => {
  expect(identityKey({ kind: "person", login: "Alice@Example.com" })).toBe(
    identityKey({ kind: "person", login: "alice@example.com" }),
  );
  expect(identityKey({ kind: "labelled-machine", label: "BOX", tags: ["tag:b", "tag:a"] })).toBe(
    identityKey({ kind: "labelled-machine", label: "box", tags: ["tag:a", "tag:b"] }),
  );
});

test("ID-36 a machine is its node, however it is renamed and tagged", () => {
  expect(identityKey({ kind: "machine", node: "n1CNTRL", label: "box", tags: ["tag:a"] })).toBe(
    identityKey({ kind: "machine", node: "n1CNTRL", label: "other", tags: ["tag:a", "tag:b"] }),
  );
  expect(identityKey({ kind: "machine", node: "n1CNTRL", label: "box", tags: ["tag:a"] })).not.toBe(
    identityKey({ kind: "machine", node: "n2CNTRL", label: "box", tags: ["tag:a"] }),
  );
});

test("ID-36 parts of any letters are never mistaken for one another", () => {
  expect(identityKey({ kind: "labelled-machine", label: "b:c", tags: ["a"] })).not.toBe(
    identityKey({ kind: "labelled-machine", label: "c", tags: ["a:b"] }),
  );
});

test("ID-36 only ASCII letters are the same in either case in a login", () => {
  // The Kelvin sign, whose lower case is the letter k: an identity provider may take it for a login of its own.
  expect(identityKey({ kind: "person", login: "\u212Aate@example.com" })).not.toBe(
    identityKey({ kind: "person", login: "kate@example.com" }),
  );
});

test("ID-34 tailscaled vouches for people and machines, not for addresses and what is local", () => {
  expect(isOfTailnet({ kind: "person", login: "alice@example.com" })).toBe(true);
  expect(isOfTailnet({ kind: "machine", node: "n1", label: "box", tags: ["tag:a"] })).toBe(true);
  expect(isOfTailnet({ kind: "address", address: "100.64.0.7" })).toBe(false);
  expect(isOfTailnet({ kind: "local" })).toBe(false);
});

test("ID-37 an identity can be told to people", () => {
  expect(describeIdentity({ kind: "person", login: "alice@example.com" })).toBe("alice@example.com");
  expect(describeIdentity({ kind: "machine", node: "n1", label: "box", tags: ["tag:a", "tag:b"] })).toBe(
    "machine box (tag:a, tag:b)",
  );
  expect(describeIdentity({ kind: "machine", node: "n1", label: "box", tags: [] })).toBe("machine box");
  expect(describeIdentity({ kind: "address", address: "100.64.0.7" })).toBe("100.64.0.7");
  expect(describeIdentity({ kind: "local" })).toBe("this machine");
});

/** What makes it the same identity. */
function sorted(any: Identity): unknown {
  if (any.kind === "machine") return any.node;
  return any.kind === "labelled-machine" ? { ...any, tags: any.tags.toSorted() } : any;
}
