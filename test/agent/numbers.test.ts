/** Safety numbers, over the real server and the chats of people without a tailnet. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/agent/storage/sqlite/database.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
});

const OTHER_NUMBER = { kind: "refused", error: { reason: "other-number" } };

test("VN-1 both are shown the same number, others another one; nobody has one with oneself or with whom nobody has met", async () => {
  const [alice, bob, carol] = await meet("alice", "bob", "carol");
  const number = answered(await alice.chat.safetyNumber("bob"));
  expect(number).toMatchObject({
    name: "bob",
    kind: "name",
    level: "unverified",
    isChanged: false,
    number: expect.stringMatching(/^\d{60}$/),
  });
  expect(answered(await bob.chat.safetyNumber("Alice")).number).toBe(number.number);
  const others = await Promise.all([alice.chat.safetyNumber("carol"), carol.chat.safetyNumber("bob")]);
  expect(new Set([number, ...others.map(answered)].map((each) => each.number)).size).toBe(3);
  expect(await alice.chat.safetyNumber("alice")).toEqual({ kind: "not-sent", why: "invalid-recipient" });
  expect(await alice.chat.safetyNumber("nobody")).toEqual({
    kind: "refused",
    error: { reason: "recipient-not-found" },
  });
});

test("VN-2 a number that was compared is remembered, over a restart, and shown among the members; another is not taken", async () => {
  const [alice] = await meet("alice", "bob");
  const { number } = answered(await alice.chat.safetyNumber("bob"));
  const wrong = `${number.slice(0, -1)}${(Number(number.at(-1)) + 1) % 10}`;
  for (const other of [wrong, number.slice(1), "", number + number, "0".repeat(60)]) {
    expect(await alice.chat.confirmNumber("bob", other)).toEqual(OTHER_NUMBER);
  }
  expect(await levels(alice)).toEqual(["alice unverified", "bob unverified"]);
  expect(await alice.chat.confirmNumber("bob", number.match(/.{5}/g)?.join(" ") ?? "")).toEqual({ kind: "taken" });
  expect(await alice.chat.confirmNumber("bob", number)).toEqual({ kind: "taken" });
  expect(await levels(alice)).toEqual(["alice unverified", "bob compared"]);
  await alice.stop();
  alice.start();
  await world.until(() => alice.chat.state.kind === "online");
  expect(await levels(alice)).toEqual(["alice unverified", "bob compared"]);
  expect(answered(await alice.chat.safetyNumber("bob"))).toMatchObject({ number, level: "compared" });
});

test("VN-3 another key than the compared one holds what is written; comparing the new one takes it, and what waits goes out", async () => {
  const [alice, bob] = await meet("alice", "bob");
  await alice.stop();
  // As if alice had known, and compared, another key of his.
  const store = openDatabase(alice.place);
  const pin = store.load().pins.find(({ who }) => who.identity === "bob");
  if (pin === undefined) throw new Error("bob isn't known");
  store.commit([{ kind: "pin-kept", pin: { ...pin, userKey: new Uint8Array(32).fill(7), level: "compared" } }]);
  store.close();
  alice.start();
  await world.until(() => alice.chat.state.kind === "online");
  await alice.chat.settled();

  const hold = { kind: "changed-key", who: ["bob"], compared: ["bob"] };
  expect(await alice.send("#everyone", "is it you?")).toEqual({ kind: "held", hold });
  const shown = answered(await alice.chat.safetyNumber("bob"));
  expect(shown).toMatchObject({ level: "unverified", isChanged: true });
  expect(shown.number).toBe(answered(await bob.chat.safetyNumber("alice")).number);
  expect(await alice.chat.confirmNumber("bob", shown.number)).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("#everyone")).includes("alice: is it you?"));
  expect(await levels(alice)).toEqual(["alice unverified", "bob compared"]);
  expect(answered(await alice.chat.safetyNumber("bob"))).toMatchObject({ level: "compared", isChanged: false });
});

test("VN-6 a key that succeeds a compared one, since its owner removed a device, stays compared; both see its number, and devices of one person the same", async () => {
  const [laptop, bob] = await meet("alice", "bob");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await world.until(() => phone.chat.standing.kind === "pending");
  const waiting = phone.chat.standing.kind === "pending" ? (phone.chat.standing.code ?? "") : "";
  answered(await laptop.chat.confirmDevice(waiting));
  await world.until(() => isIn(phone));
  await bob.look("#everyone");
  const before = answered(await bob.chat.safetyNumber("alice")).number;
  expect(await bob.chat.confirmNumber("alice", before)).toEqual({ kind: "taken" });
  expect(answered(await phone.chat.safetyNumber("bob")).number).toBe(before);
  expect(answered(await laptop.chat.safetyNumber("bob")).number).toBe(before);

  const devices = answered(await laptop.chat.devices());
  const lost = devices.find(({ label }) => label === "phone")?.id ?? "";
  expect(await laptop.chat.removeDevices([lost])).toMatchObject({ value: { kind: "removed" } });
  await world.until(async () => (await bob.lines("#everyone")).some((line) => line.includes("removed a device")));
  await world.until(async () => answered(await bob.chat.safetyNumber("alice")).number !== before);
  const after = answered(await bob.chat.safetyNumber("alice"));
  expect(after).toMatchObject({ level: "compared", isChanged: false });
  await world.until(async () => answered(await laptop.chat.safetyNumber("bob")).number === after.number);
});

async function meet(...names: readonly string[]) {
  const people = await world.arrive(...names);
  await world.until(() => people.every((one) => readersOf(one) === names.length));
  for (const person of people) await person.look("#everyone");
  const [first, second, third = second] = people;
  if (first === undefined || second === undefined || third === undefined) throw new Error("too few");
  return [first, second, third] as const;
}

function isIn({ chat, name }: ServedChat): boolean {
  const everyone = chat.named("#everyone");
  return everyone?.kind === "sealed-room" && everyone.readers.includes(name);
}

function readersOf({ chat }: ServedChat): number {
  const everyone = chat.named("#everyone");
  return everyone?.kind === "sealed-room" ? everyone.readers.length : 0;
}

async function levels(person: ServedChat): Promise<readonly string[]> {
  const members = answered(await person.chat.members(person.conversation("#everyone").id));
  return members.map(({ name, level }) => `${name} ${level}`);
}
