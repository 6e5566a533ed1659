import { expect, test } from "vitest";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Person } from "../../wire/frames/people.ts";
import { knownPeople } from "../device/known-people.ts";
import { Names } from "./names.ts";

const server = new Uint8Array(16).fill(1);
const bob: Who = { server, kind: "person", identity: "1002" };
const mallory: Who = { server, kind: "person", identity: "6666" };
const disk = { commit: async () => await Promise.resolve() };

test("CA-11 a name is whose it was first; who has none is called by what they are, whatever their record or the server says", async () => {
  const people = knownPeople({ pins: [], names: [{ name: "Bob", who: bob }] }, () => 0);
  const names = new Names();
  names.begin([{ name: "Bob", who: bob }]);
  expect([names.nameOf(whoKey(bob)), names.whoIs("bob")]).toEqual(["Bob", whoKey(bob)]);
  names.use(people, server);
  names.listed([listed("bob", mallory), listed("robert", bob)]);
  await people.change(disk, () => people.seeName("bob", mallory));
  expect(names.nameOf(whoKey(bob))).toBe("Bob");
  expect(names.nameOf(whoKey(mallory))).toBe("person 6666");
  expect(names.whoIs("BOB")).toBe(whoKey(bob));
  // The person has looked, and says that it's so.
  await people.change(disk, () => people.acceptName("bob", mallory));
  expect([names.nameOf(whoKey(bob)), names.nameOf(whoKey(mallory))]).toEqual(["person 1002", "bob"]);
});

test("CA-11 names that the server tells are held up to a bound", () => {
  const names = new Names();
  names.use(
    knownPeople({ pins: [], names: [] }, () => 0),
    server,
  );
  names.listed(Array.from({ length: 10_050 }, (_, index) => listed(`p${index}`, { ...bob, identity: `${index}` })));
  expect(names.find("p9999")).not.toBeNull();
  expect(names.find("p10049")).toBeNull();
});

function listed(name: string, { kind, identity }: Who): Person {
  return {
    name,
    owner: { kind, identity },
    label: "",
    online: true,
    classic: false,
    away: null,
    userKey: null,
    devices: [],
  };
}
