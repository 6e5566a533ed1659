import { expect, test } from "vitest";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { Owner, Place } from "../../wire/frames/values.ts";
import { OPEN } from "./arriving.ts";
import { misfitOf } from "./place-policy.ts";

const [alice, bob, mallory] = [named("alice"), named("bob"), named("mallory")] as const;
const listed = (...people: readonly Owner[]): RoomPolicy => ({ ...OPEN, access: "listed", listed: people });
const pair: Place = { kind: "direct", between: [alice, bob] };

test("AD-4 a direct conversation is for exactly the two that its place names, and for this device's person", () => {
  expect(misfitOf(listed(bob, alice), pair, alice)).toBeNull();
  expect(misfitOf(listed(alice), { kind: "direct", between: [alice, alice] }, alice)).toBeNull();
  for (const policy of [
    listed(alice, bob, mallory),
    listed(alice, mallory),
    listed(alice),
    listed(),
    OPEN,
    { ...OPEN, access: "invite" } as const,
    { ...OPEN, listed: [alice, bob] },
  ]) {
    expect(misfitOf(policy, pair, alice)).not.toBeNull();
  }
  expect(misfitOf(listed(bob, mallory), { kind: "direct", between: [bob, mallory] }, alice)).not.toBeNull();
  expect(misfitOf(listed(alice, { kind: "person", identity: "bob" }), pair, alice)).not.toBeNull();
});

test("AD-4 no room is called #everyone, in whatever case", () => {
  for (const name of ["everyone", "Everyone", "EVERYONE"]) {
    expect(misfitOf(OPEN, { kind: "room", name }, alice)).not.toBeNull();
    expect(misfitOf({ ...OPEN, access: "invite" }, { kind: "room", name }, alice)).not.toBeNull();
  }
  expect(misfitOf(OPEN, { kind: "room", name: "everyone2" }, alice)).toBeNull();
});

test("AD-4 #everyone is open, and no room is a direct conversation", () => {
  const room = { kind: "room", name: "ops" } as const;
  expect(misfitOf(OPEN, { kind: "everyone" }, alice)).toBeNull();
  expect(misfitOf({ ...OPEN, access: "invite" }, { kind: "everyone" }, alice)).not.toBeNull();
  expect(misfitOf(OPEN, room, alice)).toBeNull();
  expect(misfitOf({ ...OPEN, access: "invite" }, room, alice)).toBeNull();
  expect(misfitOf(listed(alice, bob), room, alice)).not.toBeNull();
});

function named(identity: string): Owner {
  return { kind: "name", identity };
}
