/** Members and newcomers, held against the own tailnet: over the real server, devices and a fake tailscaled. */
import { expect, test } from "vitest";
import { answered, readersOf, startChat, tailnetOf } from "../helpers/tailnet-chats.ts";
import type { TailnetChat } from "../helpers/tailnet-chats.ts";
import { startScene } from "../helpers/tailnet.ts";
import type { Scene } from "../helpers/tailnet.ts";

/** alice's device asks the tailscaled of her other node, which is the server's. */
async function startWithAlice(): Promise<{ readonly scene: Scene; readonly alice: TailnetChat }> {
  const scene = await startScene();
  scene.fake.node("dave-laptop", { user: "dave@elsewhere.com", addresses: ["100.64.0.30"], sharedIn: true });
  const alice = startChat(scene, "alice-laptop", { name: "alice", own: tailnetOf(scene.fake) });
  await alice.until(() => readersOf(alice, "#everyone").includes("alice"));
  return { scene, alice };
}

async function marksOf(person: TailnetChat, room: string) {
  const members = answered(await person.chat.members(person.conversation(room).id));
  return members.map(({ name, kind, identity, tailnet, level }) => [name, kind, identity, tailnet, level].join(" "));
}

test("OT-4 members are told with whether one's own Tailscale shows them, and under its names; nobody's level rises by it", async () => {
  const { scene, alice } = await startWithAlice();
  startChat(scene, "bob-laptop", { name: "bob" });
  startChat(scene, "dave-laptop", { name: "dave" });
  await startChat(scene, "nas", { name: "backup" }).arrived();
  await alice.until(() => readersOf(alice, "#everyone").join() === "alice,bob,dave");
  await alice.until(() => alice.events.some((event) => event.kind === "people" && event.people.length === 4));
  expect(await alice.chat.invite(alice.conversation("#everyone").id, "backup")).toEqual({ kind: "taken" });
  expect(await marksOf(alice, "#everyone")).toEqual([
    "alice person alice@example.com known unverified",
    "backup machine nas known unverified",
    "bob person bob@example.com known unverified",
    "dave person dave@elsewhere.com absent unverified",
  ]);
});

test("OT-4 a newcomer who holds messages is told with it; who looks and accepts writes all the same", async () => {
  const { scene, alice } = await startWithAlice();
  startChat(scene, "bob-laptop", { name: "bob" });
  startChat(scene, "dave-laptop", { name: "dave" });
  await alice.until(() => readersOf(alice, "#everyone").join() === "alice,bob,dave");
  const outcome = await alice.send("#everyone", "hello");
  if (outcome.kind !== "held") throw new Error(JSON.stringify(outcome));
  expect(outcome.hold).toMatchObject({ kind: "new-readers", notSeen: ["dave"] });
  expect(outcome.hold.who.toSorted()).toEqual(["bob", "dave"]);
  expect(alice.chat.held.map(({ hold }) => hold)).toEqual([outcome.hold]);
  expect(await alice.chat.acceptReaders(alice.conversation("#everyone").id)).toEqual({ kind: "taken" });
  expect(await alice.send("#everyone", "hello again")).toEqual({ kind: "taken" });
});

test("VN-1 of somebody whose name is known and whose key isn't there is no number yet", async () => {
  const { scene, alice } = await startWithAlice();
  await startChat(scene, "nas", { name: "backup" }).arrived();
  await alice.until(() => alice.events.some((event) => event.kind === "people" && event.people.length === 2));
  await alice.chat.settled();
  expect(await alice.chat.safetyNumber("backup")).toEqual({ kind: "refused", error: { reason: "not-met" } });
  expect(await alice.chat.confirmNumber("backup", "1".repeat(60))).toMatchObject({ error: { reason: "not-met" } });
  expect(await alice.chat.invite(alice.conversation("#everyone").id, "backup")).toEqual({ kind: "taken" });
  expect(answered(await alice.chat.safetyNumber("backup"))).toMatchObject({ kind: "machine", tailnet: "known" });
});

test("OT-2 a device that tailscaled takes for somebody else than the server does learns nothing from it", async () => {
  const { scene, alice } = await startWithAlice();
  // That tailscaled is alice's.
  const carol = startChat(scene, "carol-laptop", { name: "carol", own: tailnetOf(scene.fake) });
  await carol.until(() => readersOf(carol, "#everyone").length === 2);
  expect(await marksOf(alice, "#everyone")).toContain("carol person carol@example.com known unverified");
  expect(await marksOf(carol, "#everyone")).toContain("alice person alice@example.com unknown unverified");
});

test("OT-4 while tailscaled is silent, away or stopped, all go on, and nobody is marked", async () => {
  const { scene, alice } = await startWithAlice();
  startChat(scene, "dave-laptop", { name: "dave" });
  await alice.until(() => readersOf(alice, "#everyone").includes("dave"));
  const release = scene.fake.hold("status");
  const outcome = await alice.send("#everyone", "hello");
  expect(outcome).toMatchObject({ kind: "held", hold: { who: ["dave"] } });
  expect(outcome.kind === "held" && "notSeen" in outcome.hold).toBe(false);
  expect(await marksOf(alice, "#everyone")).toContain("dave person dave@elsewhere.com unknown unverified");
  release();
});
