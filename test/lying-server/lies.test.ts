/**
 * What a person sees when the server lies (docs/a-server-that-lies.md): the real server, real agents, and something in between that lies. Each
 * test says what the screen says, and the page has these very lines.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey, signingKeyOf } from "../../src/mls/identity/ed25519.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import { rotateUserKey } from "../../src/mls/identity/succession.ts";
import { messageOfId } from "../../src/agent/chat/message-ids.ts";
import { sealUserKey } from "../../src/agent/device/confirmation.ts";
import type { ChatMessage } from "../../src/client/index.ts";
import type { Entry, GroupView } from "../../src/wire/frames/groups.ts";
import type { Person } from "../../src/wire/frames/people.ts";
import { answered } from "../agent/served-chats.ts";
import type { ServedChat } from "../agent/served-chats.ts";
import { hex, holdsOf, lyingScene, membersOf, readersOf, said, screen, viewOf } from "./scene.ts";
import type { LyingScene } from "./scene.ts";
import { openWindow } from "./window.ts";

let scene: LyingScene;
beforeEach(async () => {
  scene = await lyingScene();
});
afterEach(async () => {
  await scene.end();
});

test("LI-1 it drops one message: the next one of the same person says how many never came", async () => {
  const [alice, bob] = await scene.two();
  const atBob = await openWindow(bob);
  scene.lieAboutMessages((victim, real, nth) => (victim.name === "bob" && nth === 2 ? [] : [real]));
  for (const text of ["one", "two", "three"]) await alice.send("#everyone", text);
  await scene.has(bob, "alice: three");
  expect(await screen(bob)).toEqual(["alice: one", "(alice: 1 message before this one never came)", "alice: three"]);
  said("1 message before this one never came");
  await atBob.shows("LI-1 bob");
});

test("LI-2 it tells a message twice: the second time it can't be opened, and the conversation goes on", async () => {
  const [alice, bob] = await scene.two();
  const atBob = await openWindow(bob);
  scene.lieAboutMessages((victim, real, nth) => (victim.name === "bob" && nth === 1 ? [real, real] : [real]));
  for (const text of ["one", "two"]) await alice.send("#everyone", text);
  await scene.has(bob, "alice: two");
  const [first, again, ...rest] = await screen(bob);
  expect([first, ...rest]).toEqual(["alice: one", "alice: two"]);
  expect(again).toMatch(/^\(: a message that can't be opened \(.*\)\)$/);
  said("a message that can't be opened");
  await atBob.shows("LI-2 bob");
});

test("LI-3 it changes the order of two messages: one is missed, and can't be opened when it comes", async () => {
  const [alice, bob] = await scene.two();
  const atBob = await openWindow(bob);
  let held: Entry | null = null;
  scene.lieAboutMessages((victim, real, nth) => {
    if (victim.name !== "bob" || nth === 1 || nth > 3) return [real];
    if (nth === 2) {
      held = real;
      return [];
    }
    return held === null ? [real] : [real, held];
  });
  for (const text of ["one", "two", "three", "four"]) await alice.send("#everyone", text);
  await scene.has(bob, "alice: four");
  expect(await screen(bob)).toEqual([
    "alice: one",
    "(alice: 1 message before this one never came)",
    "alice: three",
    "(: a message that can't be opened (repeated))",
    "alice: four",
  ]);
  await atBob.shows("LI-3 bob");
});

test("LI-4 it puts a person into a room that nobody let in: what is written waits until somebody has looked", async () => {
  const [alice] = await scene.two();
  const atAlice = await openWindow(alice);
  await scene.ghost(alice, "mallory");
  await scene.world.until(() => readersOf(alice) === "alice,bob,mallory");
  expect((await alice.send("#everyone", "only us?")).kind).toBe("held");
  expect(holdsOf(alice)).toEqual(["Not sent yet: new here, and would read it: mallory."]);
  said("Not sent yet: new here, and would read it: mallory.");
  await atAlice.shows("LI-4 alice");
});

test("LI-5 it puts a device into a room under somebody's name: their key isn't the one that is known, and nothing is sent", async () => {
  const [alice] = await scene.two();
  const atAlice = await openWindow(alice);
  const before = await membersOf(alice);
  await scene.ghost(alice, "bob");
  await scene.world.until(async () => (await membersOf(alice)) > before);
  expect((await alice.send("#everyone", "only us?")).kind).toBe("held");
  const line =
    "Not sent: the key of bob is not the one you know. Ask them, by another way, whether they made a new one.";
  expect(holdsOf(alice)).toEqual([line]);
  said(line);
  await atAlice.shows("LI-5 alice");
});

test("LI-27 what such a device says has a mark in its name, counts for nobody's word, and changes and takes back nothing of theirs", async () => {
  const [alice, bob] = await scene.two();
  const atAlice = await openWindow(alice);
  await bob.send("#everyone", "the account is 1111");
  await scene.has(alice, "bob: the account is 1111");
  const mine = (await alice.messages("#everyone")).find(({ text }) => text === "the account is 1111");
  const of = messageOfId(mine?.id ?? "", "");
  if (of === null) throw new Error("it isn't there");
  const before = await membersOf(alice);
  const ghost = await scene.ghost(alice, "bob");
  await scene.world.until(async () => (await membersOf(alice)) > before);
  ghost.says({ kind: "text", text: "/me has a new account", replyTo: of });
  ghost.says({ kind: "edit", of, text: "the account is 2222" });
  ghost.says({ kind: "deletion", of });
  const doubtful = async () => (await alice.messages("#everyone")).filter(isDoubtful);
  await scene.world.until(async () => (await doubtful()).length === 3);
  expect((await doubtful()).map(({ from, text, sealed }) => [from, text, sealed?.doubt, sealed?.body])).toEqual([
    ["bob", "/me has a new account", "changed-key", "text"],
    ["bob", "the account is 2222", "changed-key", "text"],
    ["bob", "asked to take a message back, which stays", "changed-key", "unknown-kind"],
  ]);
  expect(await alice.lines("#everyone")).toContain("bob: the account is 1111");
  await atAlice.shows("LI-27 alice");
  // Said yes to, that key is his: what came under it is read again without the mark, and is still no change of what he said before.
  expect((await alice.send("#everyone", "is it?")).kind).toBe("held");
  expect(await alice.chat.acceptReaders(alice.conversation("#everyone").id)).toEqual({ kind: "taken" });
  expect(await doubtful()).toEqual([]);
  expect(await alice.lines("#everyone")).toEqual(
    expect.arrayContaining(["bob: the account is 1111", "bob: the account is 2222"]),
  );
});

test("LI-27 under one's own name it is nothing of one's own", async () => {
  const [alice] = await scene.two();
  const ghost = await scene.ghost(alice, "alice");
  ghost.says({ kind: "text", text: "I agree", replyTo: null });
  await scene.has(alice, "alice: I agree");
  const shown = (await alice.messages("#everyone")).find(isDoubtful);
  expect(shown).toMatchObject({ from: "alice", own: false, text: "I agree", sealed: { doubt: "changed-key" } });
});

test("LI-6 it lists a device as somebody's that isn't: nobody lets it in", async () => {
  const [alice, bob] = await scene.two();
  const atAlice = await openWindow(alice);
  const self = await bob.runtime.self();
  if (self === null) throw new Error("no device");
  const record = strangerOf({ server: self.server, kind: "name", identity: "bob" });
  scene.lie({
    push: (_, push) => {
      if (push.type !== "presence") return [push];
      return [{ ...push, people: push.people.map((person) => withDevice(person, record)) }];
    },
    reply: (_, reply) => {
      if (reply.type === "look-up" && reply.body.person !== null)
        return { person: withDevice(reply.body.person, record) };
      return reply.body;
    },
  });
  await alice.runtime.completeGroups();
  await alice.runtime.settled();
  expect(await membersOf(alice)).toBe(2);
  await alice.send("#everyone", "only us");
  await scene.has(bob, "alice: only us");
  expect(holdsOf(alice)).toEqual([]);
  await atAlice.shows("LI-6 alice");
});

test("LI-7 it says that a name is somebody else's than before: what is written to that name waits", async () => {
  const [alice, bob] = await scene.two();
  const mallory = scene.arrive("mallory");
  await mallory.chat.online();
  await mallory.runtime.settled();
  // From now on it calls Mallory Bob.
  scene.lie({
    push: (_, push) => (push.type === "presence" ? [{ ...push, people: push.people.map(swapped) }] : [push]),
    reply: (_, reply) => {
      if (reply.type === "look-up" && reply.body.person !== null) return { person: swapped(reply.body.person) };
      if (reply.type === "people") return { ...reply.body, people: reply.body.people.map(swapped) };
      return reply.body;
    },
  });
  const created = answered(await alice.chat.createRoom("ops", "invite"));
  expect(await alice.chat.invite(created.id, "bob")).toMatchObject({
    error: { reason: "own-device", text: "that name meant somebody else before" },
  });
  const atAlice = await openWindow(alice);
  atAlice.types("/to #ops");
  atAlice.types("/invite bob");
  await atAlice.shows("LI-7 alice");
  said("This device says: that name meant somebody else before");
  expect(bob.chat.state.kind).toBe("online");
});

test("LI-8 it keeps a Welcome back: who was invited sees no room, and who invited sees that nothing is delivered", async () => {
  const [alice, bob] = await scene.two();
  scene.lie({
    push: (_, push) => (push.type === "group" ? [{ ...push, group: withheld(push.group) }] : [push]),
    reply: (_, reply) => {
      if (reply.type === "groups") return { ...reply.body, groups: reply.body.groups.map(withheld) };
      return reply.body;
    },
  });
  const ops = answered(await alice.chat.createRoom("ops", "invite"));
  expect(await alice.chat.invite(ops.id, "bob")).toEqual({ kind: "taken" });
  await alice.look("#ops");
  const [atAlice, atBob] = [await openWindow(alice), await openWindow(bob)];
  atAlice.types("/to #ops");
  await alice.send("#ops", "are you there?");
  await alice.runtime.settled();
  await bob.runtime.settled();
  expect(bob.chat.named("#ops")).toBeNull();
  const [last] = (await alice.messages("#ops")).slice(-1);
  expect([last?.text, last?.delivery.kind]).toEqual(["are you there?", "stored"]);
  await atAlice.shows("LI-8 alice");
  await atBob.shows("LI-8 bob");
});

test("LI-9 it keeps a commit back, as one that removes somebody: what is said behind it can't be opened", async () => {
  const [alice, bob] = await scene.two();
  const atBob = await openWindow(bob);
  const carol = scene.arrive("carol");
  await carol.chat.online();
  await scene.world.until(() => [alice, bob, carol].every((person) => readersOf(person) === "alice,bob,carol"));
  for (const person of [alice, bob, carol]) await person.look("#everyone");
  await alice.send("#everyone", "one");
  await scene.has(bob, "alice: one");
  scene.rewrite((victim, real) => (victim.name === "bob" && real.kind === "commit" ? [] : [real]));
  expect((await (await alice.runtime.session("everyone"))?.commit({ kind: "update" }))?.kind).toBe("done");
  await alice.send("#everyone", "two");
  await scene.has(bob, "(: a message that can't be opened (another-epoch))");
  expect((await screen(bob)).filter((line) => line.startsWith("alice"))).toEqual(["alice: one"]);
  // The two are in different states of the group, which their codes show.
  const states = await Promise.all([alice, bob].map(async (person) => hex((await viewOf(person))?.authenticator)));
  expect(states[0]).not.toBe(states[1]);
  said("a message that can't be opened (another-epoch)");
  await atBob.shows("LI-9 bob");
});

test("LI-10 it shows another key in place of a device's that waits: the code that it shows confirms nothing", async () => {
  const [alice] = await scene.two();
  const phone = scene.world.make("alice", {
    deviceLabel: "phone",
    server: { host: "127.0.0.1", port: scene.liar.port },
  });
  await scene.world.until(() => phone.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  const otherKey = Buffer.from(newSigningKey().publicKey).toString("base64url");
  scene.lie({
    reply: (_, reply) => {
      if (reply.type !== "own-devices") return reply.body;
      return { ...reply.body, pending: reply.body.pending.map((device) => ({ ...device, key: otherKey })) };
    },
  });
  const code = standing.kind === "pending" ? (standing.code ?? "") : "";
  expect(await alice.chat.confirmDevice(code)).toEqual({ kind: "refused", error: { reason: "no-such-device" } });
  expect(phone.chat.standing.kind).toBe("pending");
  const atAlice = await openWindow(alice);
  atAlice.types(`/confirm ${code}`);
  await atAlice.shows("LI-10 alice");
});

test("LI-11 it leaves out all that one person says: the others' screens say nothing of it, and the writer's that it isn't delivered", async () => {
  const [alice, bob] = await scene.two();
  const atAlice = await openWindow(alice);
  const atBob = await openWindow(bob);
  scene.lieAboutMessages((victim, real) => (victim.name === "bob" ? [] : [real]));
  // What he has read is asked of him all the same, and is before them.
  scene.lie({ push: (_, push) => (push.type === "reached" ? [] : [push]) });
  await alice.send("#everyone", "one");
  await alice.send("#everyone", "two");
  await bob.send("#everyone", "is anybody here?");
  await scene.has(alice, "bob: is anybody here?");
  expect(await screen(bob)).toEqual(["bob: is anybody here?"]);
  said("leaves out all that one person says");
  await atAlice.shows("LI-11 alice");
  await atBob.shows("LI-11 bob");
});

test("LI-12 it lets a removed device come back, which has the old key: that is a changed key, and nothing is sent", async () => {
  const [alice, bob] = await scene.two();
  const phone = scene.world.make("alice", {
    deviceLabel: "phone",
    server: { host: "127.0.0.1", port: scene.liar.port },
  });
  await scene.world.until(() => phone.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  answered(await alice.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await scene.world.until(async () => (await membersOf(bob)) === 3);
  const { userSeed, device } = await phone.store.load();
  if (userSeed === null || device === null) throw new Error("it isn't confirmed");
  const removed = Buffer.from(device.id).toString("base64url");
  expect(await alice.chat.removeDevices([removed])).toMatchObject({ value: { kind: "removed" } });
  await scene.world.until(() => phone.chat.standing.kind === "removed");
  await scene.world.until(async () => (await membersOf(bob)) === 2 && (await isRenewed(bob, userSeed)));
  await bob.runtime.settled();
  const atBob = await openWindow(bob);
  await scene.ghost(bob, "alice", signingKeyOf(userSeed));
  await scene.world.until(async () => (await membersOf(bob)) === 3);
  expect((await bob.send("#everyone", "only us?")).kind).toBe("held");
  expect(holdsOf(bob)).toEqual([
    "Not sent: the key of alice is not the one you know. Ask them, by another way, whether they made a new one.",
  ]);
  await atBob.shows("LI-12 bob");
});

test("CS-36 it answers a removal with nonsense: the removal isn't told as done, also when it is asked for again, and goes on with the truth", async () => {
  const [alice] = await scene.two();
  const phone = scene.world.make("alice", {
    deviceLabel: "phone",
    server: { host: "127.0.0.1", port: scene.liar.port },
  });
  await scene.world.until(() => phone.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  answered(await alice.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await scene.world.until(() => phone.chat.standing.kind === "confirmed");
  const id = Buffer.from((await phone.store.load()).device?.id ?? []).toString("base64url");
  scene.lie({ request: (_, request) => (request.type === "rotate-user-key" ? { answer: {} } : request) });
  const waiting = { kind: "answered", value: { kind: "waiting", devices: [id] } };
  expect(await alice.chat.removeDevices([id])).toEqual(waiting);
  await alice.chat.online();
  expect(await alice.chat.removeDevices([id])).toEqual(waiting);
  expect(phone.chat.standing.kind).toBe("confirmed");
  scene.lie({});
  await scene.world.until(() => phone.chat.standing.kind === "removed");
});

test("LI-13 it orders somebody's removal, and takes nobody's commit of it: after the time that the server itself has given nothing is sent, also by who comes back in between", async () => {
  const [alice, bob] = await scene.two();
  const self = await bob.runtime.self();
  const device = Buffer.from(self?.device.id ?? []).toString("base64url");
  const removal = { devices: [device], since: Date.now() - 300_000, until: Date.now(), left: 0 };
  scene.lie({
    reply: (_, reply) => {
      if (reply.type !== "groups") return reply.body;
      return { ...reply.body, groups: reply.body.groups.map((told) => ({ ...told, removal })) };
    },
  });
  await alice.stop();
  alice.start();
  await alice.chat.online();
  await alice.runtime.settled();
  const atAlice = await openWindow(alice);
  expect((await alice.send("#everyone", "are we two?")).kind).toBe("held");
  const line = "Not sent yet: bob is to be removed from this room, and nobody has done so yet.";
  expect(holdsOf(alice)).toContain(line);
  said(line);
  await atAlice.shows("LI-13 alice");
});

test("LI-14 it hands a device a new user key that a thief's device has made: nobody has announced it, and the device stays with its own", async () => {
  const [alice, bob] = await scene.two();
  const nas = scene.world.make("alice", { deviceLabel: "nas", server: { host: "127.0.0.1", port: scene.liar.port } });
  await scene.world.until(() => nas.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = nas.chat;
  answered(await alice.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await scene.world.until(async () => (await membersOf(bob)) === 3);
  const [self, laptop, { userSeed }] = [await nas.runtime.self(), await alice.runtime.self(), await nas.store.load()];
  if (self === null || laptop === null || userSeed === null) throw new Error("no device");

  // Whoever has the old user key can make all of it.
  const who: Who = { server: self.server, ...self.owner };
  const deviceKey = signingKeyOf(self.device.seed).publicKey;
  const fields = { ...who, label: "", deviceId: self.device.id, deviceLabel: "nas", node: "", notAfter: 0n };
  const { userKey, records, statement } = rotateUserKey(
    who,
    signingKeyOf(userSeed),
    [{ fields, deviceKey }],
    [laptop.device.id],
  );
  const [record] = records;
  if (record === undefined) throw new Error("no record");
  const to = { hpke: self.engine, who, deviceId: self.device.id, record, sealKey: self.sealKey.publicKey };
  const confirmation = { record, sealed: sealUserKey(to, userKey.seed), statement, receipt: null };
  const device = Buffer.from(self.device.id).toString("base64url");
  for (const victim of scene.liar.victims)
    if (victim.device === device) victim.push({ type: "confirmed", device, confirmation });
  scene.lie({
    reply: (_, reply) => {
      if (reply.type === "ask-confirmation") return { confirmation };
      return reply.body;
    },
  });
  const atNas = await openWindow(nas);
  await alice.send("#everyone", "one");
  await scene.world.until(async () => (await nas.lines("#everyone")).includes("alice: one"));
  await nas.runtime.settled();
  expect((await nas.store.load()).userSeed).toEqual(userSeed);
  expect(holdsOf(nas)).toEqual([]);
  await atNas.shows("LI-14 nas");
});

async function isRenewed(person: ServedChat, userSeed: Uint8Array): Promise<boolean> {
  const former = hex(signingKeyOf(userSeed).publicKey);
  return (await viewOf(person))?.members.every(({ userKey }) => hex(userKey) !== former) === true;
}

function isDoubtful({ sealed }: ChatMessage): boolean {
  return sealed?.doubt !== undefined;
}

/** Something that the server says is a device of that person's. */
function strangerOf(who: Who): Person["devices"][number] {
  const [key, deviceId] = [newSigningKey(), new Uint8Array(16).fill(66)];
  const fields = { ...who, label: who.identity, deviceId, deviceLabel: "ghost", node: "", notAfter: 0n };
  const device = Buffer.from(deviceId).toString("base64url");
  return { device, record: signRecord(fields, newSigningKey(), key.publicKey) };
}

/** Who is called so, and who is called the other. */
function swapped(person: Person): Person {
  if (person.name === "bob") return { ...person, owner: { kind: "name", identity: "mallory" } };
  return person.name === "mallory" ? { ...person, owner: { kind: "name", identity: "bob" } } : person;
}

function withheld(told: GroupView): GroupView {
  return { ...told, welcome: false };
}

function withDevice(person: Person, device: Person["devices"][number]): Person {
  return person.name === "bob" ? { ...person, devices: [...person.devices, device] } : person;
}
