import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Owner, Place } from "../../wire/frames/values.ts";
import { conversationOf, placeOf } from "./places.ts";

const owner: fc.Arbitrary<Owner> = fc.record({
  kind: fc.constantFrom("person", "machine", "address", "name"),
  identity: fc.string({ minLength: 1 }),
});
const places = (own: Owner): fc.Arbitrary<Place> =>
  fc.oneof(
    fc.constant({ kind: "everyone" } as const),
    fc.record({ kind: fc.constant("room" as const), name: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,31}$/) }),
    fc.record({ kind: fc.constant("direct" as const), between: owner.map((other): [Owner, Owner] => [own, other]) }),
  );

test("AD-1 each place has a conversation of its own, from which it is told again", () => {
  fc.assert(
    fc.property(
      owner.chain((own) => fc.tuple(fc.constant(own), places(own), places(own))),
      ([own, place, other]) => {
        const conversation = conversationOf(place, own);
        expect(placeOf(conversation, own)).toEqual(place);
        expect(conversation === conversationOf(other, own)).toBe(JSON.stringify(place) === JSON.stringify(other));
      },
    ),
  );
});

test("AD-1 a pair is called by the other one, whichever comes first", () => {
  const [alice, bob] = [
    { kind: "name", identity: "alice" },
    { kind: "name", identity: "bob" },
  ] as const;
  expect(conversationOf({ kind: "direct", between: [alice, bob] }, bob)).toBe("direct:name:alice");
  expect(conversationOf({ kind: "direct", between: [alice, bob] }, alice)).toBe("direct:name:bob");
  for (const other of ["nothing:of:ours", "else:name:bob", "direct:nobody:bob", "direct", ""])
    expect(placeOf(other, alice)).toBeNull();
});

test("AD-1 a room is one in whatever case, and of two with one name the other is told by its kind", () => {
  const own: Owner = { kind: "name", identity: "alice" };
  expect(conversationOf({ kind: "room", name: "Ops" }, own)).toBe("room:ops");
  const between: [Owner, Owner] = [{ kind: "machine", identity: "alice" }, own];
  expect(conversationOf({ kind: "direct", between }, own)).toBe("direct:machine:alice");
});
