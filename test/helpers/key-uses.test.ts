import { expect, test } from "vitest";
import { newDevice, OPEN } from "../mls/people.ts";
import { KeyUses } from "./key-uses.ts";

test("AD-30 what two copies of one state seal is found as soon as both have let it go, and what is told again is none", () => {
  const uses = new KeyUses();
  const engine = newDevice({ identity: "alice" });
  const made = engine.createGroup(new Uint8Array(16), OPEN);
  const { tree, ...saved } = made.save();
  if (tree === null) throw new Error("a new group has a tree");
  const copies = [made, engine.load({ ...saved, tree })].map((group) => uses.watched(group));
  const sealed = copies.map((group) => group.seal(Buffer.from("hello")));
  expect(sealed[0]?.generation).toBe(sealed[1]?.generation);
  expect(uses.sealedTwice).toHaveLength(1);
  const [one, other] = sealed.map(({ message }) => message);
  if (one === undefined || other === undefined) throw new Error("there are two");
  uses.left(one);
  uses.left(one);
  expect(uses.usedTwice).toEqual([]);
  expect(uses.seen).toEqual({ sealed: 1, left: 1 });
  uses.left(other);
  expect(uses.usedTwice).toEqual(uses.sealedTwice);
  engine.close();
});
