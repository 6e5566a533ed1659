/**
 * Sealed rooms with somebody from another tailnet, to whom the server's node was shared. Headscale is one tailnet and can't share, so the real
 * tailnet of `npm run test:tailnet` has no such person: here a fake tailscaled says of them what the real one would.
 */
import { expect, test } from "vitest";
import { answered, readersOf, startChat, tailnetOf } from "../helpers/tailnet-chats.ts";
import type { TailnetChat } from "../helpers/tailnet-chats.ts";
import { namesOf, startScene } from "../helpers/tailnet.ts";
import type { Scene } from "../helpers/tailnet.ts";

async function startShared() {
  const scene = await startScene();
  scene.fake.node("dave-laptop", { user: "dave@elsewhere.com", addresses: ["100.64.0.30"], sharedIn: true });
  const alice = startChat(scene, "alice-laptop", { name: "alice", own: tailnetOf(scene.fake) });
  const dave = startChat(scene, "dave-laptop", { name: "dave" });
  await alice.arrived();
  await dave.arrived();
  await alice.until(() => readersOf(alice, "#everyone").includes("dave"));
  await dave.until(() => readersOf(dave, "#everyone").includes("alice"));
  return { scene, alice, dave };
}

test("OT-5 somebody shared in is a person under their login, comes into #everyone and talks in rooms and directly", async () => {
  const { scene, alice, dave } = await startShared();
  expect(namesOf(scene)).toMatchObject({ dave: "dave@elsewhere.com" });
  const hold = { kind: "new-readers", who: ["dave"], notSeen: ["dave"] };
  expect(await alice.send("#everyone", "hello")).toEqual({ kind: "held", hold });
  expect(await alice.chat.acceptReaders(alice.conversation("#everyone").id)).toEqual({ kind: "taken" });
  await dave.until(() => dave.events.some((event) => event.kind === "message" && event.message.text === "hello"));

  const room = answered(await alice.chat.createRoom("trip", "invite"));
  expect(await alice.chat.invite(room.id, "dave")).toEqual({ kind: "taken" });
  expect(await alice.chat.send(room.id, "psst", { acceptMembers: true })).toEqual({ kind: "taken" });
  await dave.until(() => dave.events.some((event) => event.kind === "message" && event.message.text === "psst"));
  const pair = answered(await dave.chat.direct("alice"));
  expect(pair).toMatchObject({ kind: "sealed-direct", title: "alice" });
  await dave.until(() => readersOf(dave, "alice").length === 2);
  expect(await dave.chat.send(pair.id, "just us", { acceptMembers: true })).toEqual({ kind: "taken" });
  await alice.until(() => alice.events.some((event) => event.kind === "message" && event.message.text === "just us"));
});

test("OT-5 the two compare a number like any two, and it takes no mark away", async () => {
  const { alice, dave } = await startShared();
  const { number, tailnet } = answered(await alice.chat.safetyNumber("dave"));
  expect(tailnet).toBe("absent");
  expect(answered(await dave.chat.safetyNumber("alice")).number).toBe(number);
  expect(await alice.chat.confirmNumber("dave", number)).toEqual({ kind: "taken" });
  const members = answered(await alice.chat.members(alice.conversation("#everyone").id));
  expect(members.find(({ name }) => name === "dave")).toMatchObject({
    kind: "person",
    identity: "dave@elsewhere.com",
    level: "compared",
    tailnet: "absent",
  });
});

test("OT-5 when the node is shared with them no more, they are out of the server and can read what they have", async () => {
  const { scene, alice, dave } = await startShared();
  expect(await alice.chat.acceptReaders(alice.conversation("#everyone").id)).toEqual({ kind: "taken" });
  expect(await alice.send("#everyone", "before")).toEqual({ kind: "taken" });
  await dave.until(() => dave.events.some((event) => event.kind === "message" && event.message.text === "before"));
  scene.fake.leave("dave-laptop");
  await dave.until(() => dave.chat.state.kind !== "online");
  expect(await alice.send("#everyone", "after")).toEqual({ kind: "taken" });
  const page = answered(await dave.chat.page(dave.conversation("#everyone").id, null, 50));
  expect(page.messages.map(({ text }) => text)).toContain("before");
  expect(page.messages.map(({ text }) => text)).not.toContain("after");
});

test("OT-5 of somebody shared in, too, a second device is confirmed by the first; both read and write, and one that is removed no more", async () => {
  const { scene, alice, dave } = await startShared();
  scene.fake.node("dave-phone", { user: "dave@elsewhere.com", addresses: ["100.64.0.31"], sharedIn: true });
  scene.fake.node("alice-tablet", { user: "alice@example.com", addresses: ["100.64.0.32"] });
  const [phone, tablet] = [
    await another(scene, dave, "dave-phone", "dave"),
    await another(scene, alice, "alice-tablet", "alice"),
  ];
  expect(answered(await dave.chat.ownNumber())).toBe(answered(await phone.chat.ownNumber()));
  const room = answered(await alice.chat.createRoom("trip", "invite"));
  expect(await alice.chat.invite(room.id, "dave")).toEqual({ kind: "taken" });
  expect(await alice.chat.send(room.id, "for all four", { acceptMembers: true })).toEqual({ kind: "taken" });
  for (const device of [dave, phone, tablet]) await device.until(() => hasRead(device, "for all four"));
  expect(await phone.chat.send(room.id, "from elsewhere", { acceptMembers: true })).toEqual({ kind: "taken" });
  for (const device of [alice, tablet, dave]) await device.until(() => hasRead(device, "from elsewhere"));

  const { id = "" } = answered(await phone.chat.devices()).find(({ isThis }) => isThis) ?? {};
  expect(await dave.chat.removeDevices([id])).toMatchObject({ kind: "answered" });
  await phone.until(() => phone.chat.standing.kind === "removed");
  await alice.until(() =>
    alice.events.some(
      (event) =>
        event.kind === "message" &&
        event.conversation.id === room.id &&
        event.message.text.startsWith("removed a device (dave-phone)"),
    ),
  );
  expect(await alice.chat.send(room.id, "for three")).toEqual({ kind: "taken" });
  for (const device of [dave, tablet]) await device.until(() => hasRead(device, "for three"));
  const page = answered(await phone.chat.page(room.id, null, 50));
  expect(page.messages.map(({ text }) => text)).not.toContain("for three");
});

/** One more device of that person, confirmed by the code that it shows. */
async function another(scene: Scene, of: TailnetChat, node: string, name: string): Promise<TailnetChat> {
  const device = startChat(scene, node, { name });
  await device.until(() => device.chat.standing.kind === "pending");
  const { standing } = device.chat;
  await device.arrived();
  answered(await of.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await device.until(() => device.chat.standing.kind === "confirmed" && device.chat.state.kind === "online");
  await device.arrived();
  return device;
}

function hasRead({ events }: TailnetChat, text: string): boolean {
  return events.some((event) => event.kind === "message" && event.message.text === text);
}
