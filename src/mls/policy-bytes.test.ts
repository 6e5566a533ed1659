import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "./engine-error.ts";
import { decodePolicy, encodePolicy } from "./policy-bytes.ts";

const people = fc.array(
  fc.record({
    kind: fc.constantFrom("person", "machine", "address", "name"),
    identity: fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((text) => Buffer.byteLength(text) <= 256),
  }),
  { maxLength: 5 },
);

const policies = fc.record({
  access: fc.constantFrom("open", "invite", "listed"),
  add: fc.constantFrom("members", "moderators"),
  remove: fc.constantFrom("members", "moderators"),
  moderators: people,
  listed: people,
});

test("EN-34 a policy is decoded as it was encoded", () => {
  fc.assert(
    fc.property(policies, (policy) => {
      expect(decodePolicy(encodePolicy(policy))).toEqual(policy);
    }),
  );
});

test("EN-34 other bytes are no policy, by an error of the list", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(Buffer.from(encodePolicy(decodePolicy(bytes)))).toEqual(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
      }
    }),
  );
});
