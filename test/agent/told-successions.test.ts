import { afterEach, beforeEach, expect, test } from "vitest";
import { toText } from "../../src/agent/delivery/base64url.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

/** Others leave it to alice's own devices to bring each other into rooms. */
const SLOWLY = { companionTimings: { first: 600_000, spread: 1 } };

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
});

test.each(["bob", "carol"])(
  "SR-57 whoever was in no room in which a removal was announced takes the new key for the old one's successor, when %s brings that person back",
  async (inviter) => {
    const { bob, carol, laptop, phoneId } = await lostPhone();
    expect(await laptop.chat.removeDevices([phoneId])).toMatchObject({ value: { kind: "removed" } });
    for (const device of [bob, carol]) await has(device, 2);
    const by = inviter === "bob" ? bob : carol;
    await world.until(async () => (await by.chat.invite(by.conversation("#ops").id, "alice")).kind === "taken");
    for (const device of [bob, carol, laptop]) await has(device, 3);
    await carol.look("#ops");
    expect((await carol.send("#ops", "welcome back")).kind).toBe("taken");
    await world.until(async () => (await laptop.lines("#ops")).includes("carol: welcome back"));
    for (const device of [bob, carol, laptop]) expect(alarms(device)).toEqual([]);
  },
);

test("SR-57 not so a key that no statement of the known one leads to: it is a changed one", async () => {
  const { bob, carol, laptop, phoneId } = await lostPhone();
  const { client } = carol.runtime;
  const request = client.request.bind(client);
  client.request = async (type, body) => {
    const answer = await request(type, body);
    if (type !== "successions" || answer.kind !== "answered") return answer;
    return { ...answer, value: { statements: [new Uint8Array(300)] } };
  };
  expect(await laptop.chat.removeDevices([phoneId])).toMatchObject({ value: { kind: "removed" } });
  for (const device of [bob, carol]) await has(device, 2);
  await world.until(async () => (await bob.chat.invite(bob.conversation("#ops").id, "alice")).kind === "taken");
  await has(carol, 3);
  await carol.look("#ops");
  await carol.send("#ops", "is it you?");
  await world.until(() => alarms(carol).length > 0);
});

/** Alice's phone is in #ops with bob and carol, who isn't in #everyone; her laptop, which she has just begun to use, in #everyone alone. */
async function lostPhone() {
  const [phone] = await world.arrive("alice");
  if (phone === undefined) throw new Error("one was to come");
  const bob = world.make("bob", SLOWLY);
  await bob.chat.online();
  await bob.runtime.settled();
  const carol = world.make("carol", { comesIn: false, ...SLOWLY });
  await carol.chat.online();
  await carol.runtime.settled();
  answered(await phone.chat.createRoom("ops", "invite"));
  const ops = phone.conversation("#ops").id;
  for (const name of ["bob", "carol"])
    await world.until(async () => (await phone.chat.invite(ops, name)).kind === "taken");
  for (const device of [phone, bob, carol]) await has(device, 3);
  const laptop = world.make("alice", { deviceLabel: "laptop" });
  await world.until(() => laptop.chat.standing.kind === "pending" && phone.chat.waitingDevices.length > 0);
  const { standing } = laptop.chat;
  await laptop.stop();
  answered(await phone.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  const phoneId = toText((await phone.runtime.self())?.device.id ?? new Uint8Array());
  await phone.stop();
  laptop.start();
  await world.until(() => laptop.chat.standing.kind === "confirmed" && laptop.chat.state.kind === "online");
  return { bob, carol, laptop, phoneId };
}

/** Until so many devices are in #ops, as this device sees it. */
async function has(device: ServedChat, count: number): Promise<void> {
  await world.until(async () => {
    const view = await (await device.runtime.session("room:ops"))?.look();
    return view?.members.length === count && device.chat.named("#ops") !== null;
  });
}

function alarms(device: ServedChat) {
  return device.events.filter((event) => event.kind === "held" && event.hold?.kind === "changed-key");
}
