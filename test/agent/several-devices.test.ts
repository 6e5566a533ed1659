import { afterEach, beforeEach, expect, test } from "vitest";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  expect(world.failures).toEqual([]);
  await world.end();
});

test("AD-5 a second device shows its code and waits; confirmed by it, it is its person's on both sides, also after a restart", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await waits(phone);
  expect(await phone.chat.devices()).toMatchObject({ kind: "answered", value: [{ isThis: true, status: "pending" }] });
  await world.until(() => laptop.events.some(({ kind }) => kind === "device-waits"));
  const [asking] = laptop.chat.waitingDevices;
  expect(asking).toMatchObject({ label: "phone", status: "pending", code: codeOf(phone) });

  expect(await laptop.chat.confirmDevice("KQ3F-0000-0000-0000")).toEqual(NO_SUCH_DEVICE);
  expect(await laptop.chat.confirmDevice(codeOf(phone).toLowerCase())).toMatchObject({
    kind: "answered",
    value: { id: asking?.id, label: "phone", status: "confirmed" },
  });
  await isConfirmed(phone);
  for (const device of [laptop, phone]) {
    const devices = answered(await device.chat.devices());
    expect(devices.map(({ label, status, isOnline }) => ({ label, status, isOnline }))).toEqual([
      { label: "alice's laptop", status: "confirmed", isOnline: true },
      { label: "phone", status: "confirmed", isOnline: true },
    ]);
    expect(devices.filter(({ isThis }) => isThis).length).toBe(1);
  }
  expect(await phone.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
  expect(laptop.chat.waitingDevices).toEqual([]);

  await phone.stop();
  phone.start();
  await isConfirmed(phone);
  expect(phone.events.filter(({ kind }) => kind === "standing").length).toBeLessThan(2);
});

test("AD-10 rooms and direct conversations reach all devices of both, and what a device of one's own wrote is one's own", async () => {
  const { alice, phone, bob, tablet } = await twoAndTwo();
  expect(await alice.chat.createRoom("ops", "invite")).toMatchObject({ kind: "answered" });
  await world.until(async () => (await membersOf(phone, "#ops")) === 2);
  expect(await alice.chat.invite(alice.conversation("#ops").id, "bob")).toEqual({ kind: "taken" });
  for (const device of [bob, tablet, phone]) await world.until(async () => (await membersOf(device, "#ops")) === 4);
  for (const device of [alice, phone, bob, tablet]) await device.look("#ops");
  await phone.send("#ops", "from the phone");
  await bob.send("#ops", "hello, both of you");
  const lines = ["alice: from the phone", "bob: hello, both of you"];
  for (const device of [alice, phone, bob, tablet]) await says(device, "#ops", lines);
  // Nobody had to look at a device of somebody who was there.
  expect(alice.events.filter(({ kind }) => kind === "held")).toEqual([]);

  answered(await phone.chat.direct("bob"));
  await phone.send("bob", "just us");
  for (const device of [bob, tablet]) await says(device, "alice", ["alice: just us"]);
  await says(alice, "bob", ["alice: just us"]);
  await tablet.send("alice", "all four of us");
  for (const device of [alice, phone]) await says(device, "bob", ["alice: just us", "bob: all four of us"]);

  const [own] = (await alice.messages("bob")).filter(({ own: isOwn }) => isOwn);
  expect(own).toMatchObject({ own: true, from: "alice", sealed: { device: "phone" } });
  await world.until(async () => (await ownIn(alice, "bob"))?.delivery.kind === "delivered");
});

test("AD-10 what was written on the one is edited and taken back on the other, and answered there", async () => {
  const { alice, phone, bob } = await twoAndTwo();
  expect(await bob.lines("#everyone")).toContain("(alice: has a new device (phone))");
  await phone.send("#everyone", "teh first");
  await phone.send("#everyone", "the second");
  await says(alice, "#everyone", ["alice: teh first", "alice: the second"]);
  const [first, second] = (await alice.messages("#everyone")).filter(({ own }) => own);
  const room = alice.conversation("#everyone").id;
  expect(await alice.chat.edit(room, first?.id ?? "", "the first")).toEqual({ kind: "taken" });
  expect(await alice.chat.remove(room, second?.id ?? "")).toEqual({ kind: "taken" });
  for (const device of [phone, bob]) {
    await says(device, "#everyone", ["alice: the first", "(alice: took a message back)"]);
  }
  await alice.chat.send(room, "to myself", { replyTo: first?.id ?? "" });
  await world.until(async () => (await phone.messages("#everyone")).at(-1)?.sealed?.replyTo?.text === "the first");
  expect(await bob.chat.edit(bob.conversation("#everyone").id, (await ownIn(alice, "#everyone"))?.id ?? "", "no")).toMatchObject({ kind: "refused" }); // prettier-ignore
});

/** Alice and bob at two devices each, all of them in `#everyone`. */
async function twoAndTwo() {
  const [alice, bob] = await world.arrive("alice", "bob");
  if (alice === undefined || bob === undefined) throw new Error("two were to come");
  const phone = await another(alice, "phone");
  const tablet = await another(bob, "tablet");
  const all = [alice, phone, bob, tablet];
  for (const device of all) await world.until(async () => (await membersOf(device, "#everyone")) === 4);
  for (const device of all) await device.look("#everyone");
  return { alice, phone, bob, tablet };
}

/** Another device of the same person, confirmed by this one. */
async function another(device: ServedChat, deviceLabel: string): Promise<ServedChat> {
  const next = world.make(device.name, { deviceLabel });
  await waits(next);
  await world.until(async () => (await device.chat.confirmDevice(codeOf(next))).kind === "answered");
  await isConfirmed(next);
  return next;
}

/** Devices in it; 0: it isn't there. */
async function membersOf({ runtime, chat }: ServedChat, words: string): Promise<number> {
  const conversation = chat.named(words);
  if (conversation === null) return 0;
  const session = await runtime.session(conversation.id.slice(conversation.id.indexOf(":") + 1));
  const view = await session?.look();
  return view?.row.status === "active" ? view.members.length : 0;
}

/** What people have said there, without who came and went. */
async function says(device: ServedChat, words: string, lines: readonly string[]): Promise<void> {
  const said = async () => {
    if (device.chat.named(words) === null) return [];
    const all = (await device.messages(words)).filter(({ sealed }) => sealed?.body !== "members");
    return all.map(({ from, text, sealed }) => (sealed?.body === "text" ? `${from}: ${text}` : `(${from}: ${text})`));
  };
  await world.until(async () => JSON.stringify(await said()) === JSON.stringify(lines));
}

async function ownIn(device: ServedChat, words: string) {
  return (await device.messages(words)).find(({ own }) => own);
}

function codeOf({ chat }: ServedChat): string {
  const { standing } = chat;
  if (standing.kind !== "pending") throw new Error(`it is ${standing.kind}`);
  return standing.code;
}

async function waits(device: ServedChat): Promise<void> {
  await world.until(() => device.chat.standing.kind === "pending");
}

async function isConfirmed(device: ServedChat): Promise<void> {
  await world.until(() => device.chat.standing.kind === "confirmed" && device.chat.state.kind === "online");
  await device.runtime.settled();
}

const NO_SUCH_DEVICE = { kind: "refused", error: { reason: "no-such-device" } };
