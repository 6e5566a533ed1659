import { expect, test } from "vitest";
import { alice, bob, local, phone, world } from "../../../test/helpers/core.ts";
import type { Owner } from "../../groups/rows.ts";
import { BansInGroups } from "./group-bans.ts";

function follower(state: ConstructorParameters<typeof BansInGroups>[0]): { readonly follow: () => string[] } {
  const said: string[] = [];
  const bans = new BansInGroups(state, {
    setBarred: ({ kind, identity }: Owner, barred) => void said.push(`${barred ? "+" : "-"} ${kind} ${identity}`),
  });
  return {
    follow: () => {
      bans.follow();
      return said.splice(0).toSorted();
    },
  };
}

test("GR-48 a ban reaches the devices of the identity behind the name, as far as its number is known, or of the bare name", () => {
  const w = world();
  w.join(1, alice, "alice", "owner");
  w.join(2, { ...bob, userId: "1002" }, "bob");
  w.join(3, phone, "phone");
  w.join(4, local, "Zoe");
  const { follow } = follower(() => w.state);
  const ban = (target: string) => w.run({ kind: "ban", session: 1, target });
  for (const target of ["bob", "phone", "zoe"]) ban(target);
  expect(follow()).toEqual(["+ address 100.64.0.7", "+ name zoe", "+ person 1002"]);
});

test("GR-48 a start follows the bans that are stored, and a lifted ban reaches nobody", () => {
  const w = world();
  w.join(1, alice, "alice", "owner");
  w.join(2, { ...bob, userId: "1002" }, "bob");
  w.run({ kind: "ban", session: 1, target: "bob" });
  const later = w.restarted();
  const { follow } = follower(() => later.state);
  expect([follow(), follow()]).toEqual([["+ person 1002"], []]);
  later.join(1, alice, "alice", "owner");
  later.run({ kind: "unban", session: 1, target: "bob" });
  expect(follow()).toEqual(["- person 1002"]);
});

test("GR-48 a ban reaches no device of whom the configuration has made operator since", () => {
  const w = world();
  w.join(1, alice, "alice", "owner");
  w.join(2, { ...bob, userId: "1002" }, "bob");
  w.run({ kind: "ban", session: 1, target: "bob" });
  const later = w.restarted({ operators: ["bob@example.com"] });
  expect(follower(() => later.state).follow()).toEqual([]);
});
