/**
 * What a person sees when the server lies (docs/a-server-that-lies.md): the real server, real agents, and something in between that lies. Each
 * test says what the screen says, and the page has these very lines.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey, signingKeyOf } from "../../src/mls/identity/ed25519.ts";
import type { SigningKey } from "../../src/mls/identity/ed25519.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import { rotateUserKey } from "../../src/mls/identity/succession.ts";
import { sealUserKey } from "../../src/agent/device/confirmation.ts";
import { explainHold } from "../../src/view/explain.ts";
import type { Entry, GroupView } from "../../src/wire/frames/groups.ts";
import type { Person } from "../../src/wire/frames/people.ts";
import { answered, chatWorld } from "../agent/served-chats.ts";
import type { ChatWorld, ServedChat } from "../agent/served-chats.ts";
import { ghostJoins } from "./ghost.ts";
import { startLyingServer } from "./lying-server.ts";
import type { LyingServer, Victim } from "./lying-server.ts";
import { falseLogs } from "./logs.ts";
import type { Told } from "./shown-log.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/a-server-that-lies.md"), "utf8");

let world: ChatWorld;
let liar: LyingServer;
beforeEach(async () => {
  world = await chatWorld();
  liar = await startLyingServer(() => world.port());
});
afterEach(async () => {
  expect(world.failures).toEqual([]);
  await world.end();
  await liar[Symbol.asyncDispose]();
});

test("LI-1 it drops one message: the next one of the same person says how many never came", async () => {
  const [alice, bob] = await two();
  lieAboutMessages((victim, real, nth) => (victim.name === "bob" && nth === 2 ? [] : [real]));
  for (const text of ["one", "two", "three"]) await alice.send("#everyone", text);
  await has(bob, "alice: three");
  expect(await screen(bob)).toEqual(["alice: one", "(alice: 1 message before this one never came)", "alice: three"]);
  said("1 message before this one never came");
});

test("LI-2 it tells a message twice: the second time it can't be opened, and the conversation goes on", async () => {
  const [alice, bob] = await two();
  lieAboutMessages((victim, real, nth) => (victim.name === "bob" && nth === 1 ? [real, real] : [real]));
  for (const text of ["one", "two"]) await alice.send("#everyone", text);
  await has(bob, "alice: two");
  const [first, again, ...rest] = await screen(bob);
  expect([first, ...rest]).toEqual(["alice: one", "alice: two"]);
  expect(again).toMatch(/^\(: a message that can't be opened \(.*\)\)$/);
  said("a message that can't be opened");
});

test("LI-3 it changes the order of two messages: one is missed, and can't be opened when it comes", async () => {
  const [alice, bob] = await two();
  let held: Entry | null = null;
  lieAboutMessages((victim, real, nth) => {
    if (victim.name !== "bob" || nth === 1 || nth > 3) return [real];
    if (nth === 2) {
      held = real;
      return [];
    }
    return held === null ? [real] : [real, held];
  });
  for (const text of ["one", "two", "three", "four"]) await alice.send("#everyone", text);
  await has(bob, "alice: four");
  expect(await screen(bob)).toEqual([
    "alice: one",
    "(alice: 1 message before this one never came)",
    "alice: three",
    "(: a message that can't be opened (repeated))",
    "alice: four",
  ]);
});

test("LI-4 it puts a person into a room that nobody let in: what is written waits until somebody has looked", async () => {
  const [alice] = await two();
  await ghost(alice, "mallory");
  await world.until(() => readersOf(alice) === "alice,bob,mallory");
  expect((await alice.send("#everyone", "only us?")).kind).toBe("held");
  expect(holdsOf(alice)).toEqual(["Not sent yet: new here, and would read it: mallory."]);
  said("Not sent yet: new here, and would read it: mallory.");
});

test("LI-5 it puts a device into a room under somebody's name: their key isn't the one that is known, and nothing is sent", async () => {
  const [alice] = await two();
  const before = await membersOf(alice);
  await ghost(alice, "bob");
  await world.until(async () => (await membersOf(alice)) > before);
  expect((await alice.send("#everyone", "only us?")).kind).toBe("held");
  const line =
    "Not sent: the key of bob is not the one you know. Ask them, by another way, whether they made a new one.";
  expect(holdsOf(alice)).toEqual([line]);
  said(line);
});

test("LI-6 it lists a device as somebody's that isn't: nobody lets it in", async () => {
  const [alice, bob] = await two();
  const self = await bob.runtime.self();
  if (self === null) throw new Error("no device");
  const record = strangerOf({ server: self.server, kind: "name", identity: "bob" });
  liar.tell({
    ...logs,
    push: (victim, push) => {
      if (push.type !== "presence") return logs?.push?.(victim, push) ?? [push];
      return [{ ...push, people: push.people.map((person) => withDevice(person, record)) }];
    },
    reply: (victim, reply, request) => {
      if (reply.type === "look-up" && reply.body.person !== null)
        return { person: withDevice(reply.body.person, record) };
      return logs?.reply?.(victim, reply, request) ?? reply.body;
    },
  });
  await alice.runtime.completeGroups();
  await alice.runtime.settled();
  expect(await membersOf(alice)).toBe(2);
  await alice.send("#everyone", "only us");
  await has(bob, "alice: only us");
  expect(holdsOf(alice)).toEqual([]);
});

test("LI-7 it says that a name is somebody else's than before: what is written to that name waits", async () => {
  const [alice, bob] = await two();
  const mallory = arrive("mallory");
  await mallory.chat.online();
  await mallory.runtime.settled();
  // From now on it calls Mallory Bob.
  liar.tell({
    ...logs,
    push: (victim, push) =>
      push.type === "presence"
        ? [{ ...push, people: push.people.map(swapped) }]
        : (logs?.push?.(victim, push) ?? [push]),
    reply: (victim, reply, request) => {
      if (reply.type === "look-up" && reply.body.person !== null) return { person: swapped(reply.body.person) };
      if (reply.type === "people") return { ...reply.body, people: reply.body.people.map(swapped) };
      return logs?.reply?.(victim, reply, request) ?? reply.body;
    },
  });
  const created = answered(await alice.chat.createRoom("ops", "invite"));
  expect(await alice.chat.invite(created.id, "bob")).toMatchObject({
    error: { reason: "other", text: "that name meant somebody else before" },
  });
  said("that name meant somebody else before");
  expect(bob.chat.state.kind).toBe("online");
});

test("LI-8 it keeps a Welcome back: who was invited sees no room, and who invited sees that nothing is delivered", async () => {
  const [alice, bob] = await two();
  liar.tell({
    ...logs,
    push: (victim, push) =>
      push.type === "group" ? [{ ...push, group: withheld(push.group) }] : (logs?.push?.(victim, push) ?? [push]),
    reply: (victim, reply, request) => {
      if (reply.type === "groups") return { ...reply.body, groups: reply.body.groups.map(withheld) };
      return logs?.reply?.(victim, reply, request) ?? reply.body;
    },
  });
  const ops = answered(await alice.chat.createRoom("ops", "invite"));
  expect(await alice.chat.invite(ops.id, "bob")).toEqual({ kind: "taken" });
  await alice.look("#ops");
  await alice.send("#ops", "are you there?");
  await alice.runtime.settled();
  await bob.runtime.settled();
  expect(bob.chat.named("#ops")).toBeNull();
  const [last] = (await alice.messages("#ops")).slice(-1);
  expect([last?.text, last?.delivery.kind]).toEqual(["are you there?", "stored"]);
});

test("LI-9 it keeps a commit back, as one that removes somebody: what is said behind it can't be opened", async () => {
  const [alice, bob] = await two();
  const carol = arrive("carol");
  await carol.chat.online();
  await world.until(() => [alice, bob, carol].every((person) => readersOf(person) === "alice,bob,carol"));
  for (const person of [alice, bob, carol]) await person.look("#everyone");
  await alice.send("#everyone", "one");
  await has(bob, "alice: one");
  rewrite = (victim, real) => (victim.name === "bob" && real.kind === "commit" ? [] : [real]);
  expect((await (await alice.runtime.session("everyone"))?.commit({ kind: "update" }))?.kind).toBe("done");
  await alice.send("#everyone", "two");
  await has(bob, "(: a message that can't be opened (another-epoch))");
  expect((await screen(bob)).filter((line) => line.startsWith("alice"))).toEqual(["alice: one"]);
  // The two are in different states of the group, which their codes show.
  const states = await Promise.all([alice, bob].map(async (person) => hex((await view(person))?.authenticator)));
  expect(states[0]).not.toBe(states[1]);
  said("a message that can't be opened (another-epoch)");
});

test("LI-10 it shows another key in place of a device's that waits: the code that it shows confirms nothing", async () => {
  const [alice] = await two();
  const phone = world.make("alice", { deviceLabel: "phone", server: { host: "127.0.0.1", port: liar.port } });
  await world.until(() => phone.chat.standing.kind === "pending");
  const { standing } = phone.chat;
  const otherKey = Buffer.from(newSigningKey().publicKey).toString("base64url");
  liar.tell({
    ...logs,
    reply: (victim, reply, request) => {
      if (reply.type !== "own-devices") return logs?.reply?.(victim, reply, request) ?? reply.body;
      return { ...reply.body, pending: reply.body.pending.map((device) => ({ ...device, key: otherKey })) };
    },
  });
  const code = standing.kind === "pending" ? standing.code : "";
  expect(await alice.chat.confirmDevice(code)).toEqual({ kind: "refused", error: { reason: "no-such-device" } });
  expect(phone.chat.standing.kind).toBe("pending");
});

test("LI-11 it leaves out all that one person says: the others' screens say nothing of it, and the writer's that it isn't delivered", async () => {
  const [alice, bob] = await two();
  lieAboutMessages((victim, real) => (victim.name === "bob" ? [] : [real]));
  await alice.send("#everyone", "one");
  await alice.send("#everyone", "two");
  await bob.send("#everyone", "is anybody here?");
  await has(alice, "bob: is anybody here?");
  expect(await screen(bob)).toEqual(["bob: is anybody here?"]);
  said("leaves out all that one person says");
});

test("LI-12 it lets a removed device come back, which has the old key: that is a changed key, and nothing is sent", async () => {
  const [alice, bob] = await two();
  const phone = world.make("alice", { deviceLabel: "phone", server: { host: "127.0.0.1", port: liar.port } });
  await world.until(() => phone.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  answered(await alice.chat.confirmDevice(standing.kind === "pending" ? standing.code : ""));
  await world.until(async () => (await membersOf(bob)) === 3);
  const { userSeed, device } = await phone.store.load();
  if (userSeed === null || device === null) throw new Error("it isn't confirmed");
  const removed = Buffer.from(device.id).toString("base64url");
  expect(await alice.chat.removeDevices([removed])).toMatchObject({ value: { kind: "removed" } });
  await world.until(() => phone.chat.standing.kind === "removed");
  await world.until(async () => (await membersOf(bob)) === 2 && (await isRenewed(bob, userSeed)));
  await bob.runtime.settled();
  await ghost(bob, "alice", signingKeyOf(userSeed));
  await world.until(async () => (await membersOf(bob)) === 3);
  expect((await bob.send("#everyone", "only us?")).kind).toBe("held");
  expect(holdsOf(bob)).toEqual([
    "Not sent: the key of alice is not the one you know. Ask them, by another way, whether they made a new one.",
  ]);
});

test("CS-36 it answers a removal with nonsense: the removal isn't told as done, also when it is asked for again, and goes on with the truth", async () => {
  const [alice] = await two();
  const phone = world.make("alice", { deviceLabel: "phone", server: { host: "127.0.0.1", port: liar.port } });
  await world.until(() => phone.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  answered(await alice.chat.confirmDevice(standing.kind === "pending" ? standing.code : ""));
  await world.until(() => phone.chat.standing.kind === "confirmed");
  const id = Buffer.from((await phone.store.load()).device?.id ?? []).toString("base64url");
  liar.tell({ request: (_, request) => (request.type === "rotate-user-key" ? { answer: {} } : request) });
  const waiting = { kind: "answered", value: { kind: "waiting", devices: [id] } };
  expect(await alice.chat.removeDevices([id])).toEqual(waiting);
  await alice.chat.online();
  expect(await alice.chat.removeDevices([id])).toEqual(waiting);
  expect(phone.chat.standing.kind).toBe("confirmed");
  liar.tell({});
  await world.until(() => phone.chat.standing.kind === "removed");
});

test("LI-13 it orders somebody's removal, and takes nobody's commit of it: after the time that the server itself has given nothing is sent, also by who comes back in between", async () => {
  const [alice, bob] = await two();
  const self = await bob.runtime.self();
  const device = Buffer.from(self?.device.id ?? []).toString("base64url");
  const removal = { devices: [device], since: Date.now() - 300_000, until: Date.now(), left: 0 };
  liar.tell({
    ...logs,
    reply: (victim, reply, request) => {
      if (reply.type !== "groups") return logs?.reply?.(victim, reply, request) ?? reply.body;
      return { ...reply.body, groups: reply.body.groups.map((told) => ({ ...told, removal })) };
    },
  });
  await alice.stop();
  alice.start();
  await alice.chat.online();
  await alice.runtime.settled();
  expect((await alice.send("#everyone", "are we two?")).kind).toBe("held");
  const line = "Not sent yet: bob is to be removed from this room, and nobody has done so yet.";
  expect(holdsOf(alice)).toContain(line);
  said(line);
});

test("LI-14 it hands a device a new user key that a thief's device has made: nobody has announced it, and the device stays with its own", async () => {
  const [alice, bob] = await two();
  const nas = world.make("alice", { deviceLabel: "nas", server: { host: "127.0.0.1", port: liar.port } });
  await world.until(() => nas.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = nas.chat;
  answered(await alice.chat.confirmDevice(standing.kind === "pending" ? standing.code : ""));
  await world.until(async () => (await membersOf(bob)) === 3);
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
  const confirmation = { record, sealed: sealUserKey(to, userKey.seed), statement };
  const device = Buffer.from(self.device.id).toString("base64url");
  for (const victim of liar.victims)
    if (victim.device === device) victim.push({ type: "confirmed", device, confirmation });
  liar.tell({
    ...logs,
    reply: (victim, reply, request) => {
      if (reply.type === "ask-confirmation") return { confirmation };
      return logs?.reply?.(victim, reply, request) ?? reply.body;
    },
  });
  await alice.send("#everyone", "one");
  await world.until(async () => (await nas.lines("#everyone")).includes("alice: one"));
  await nas.runtime.settled();
  expect((await nas.store.load()).userSeed).toEqual(userSeed);
  expect(holdsOf(nas)).toEqual([]);
});

async function isRenewed(person: ServedChat, userSeed: Uint8Array): Promise<boolean> {
  const former = hex(signingKeyOf(userSeed).publicKey);
  return (await view(person))?.members.every(({ userKey }) => hex(userKey) !== former) === true;
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

/** In Alice's log alone, a device of that name comes into #everyone. */
async function ghost(person: ServedChat, identity: string, userKey?: SigningKey): Promise<void> {
  const self = await person.runtime.self();
  const now = await view(person);
  const group = Buffer.from(now?.row.id ?? []).toString("base64url");
  const info = logs?.infos.get(group);
  if (self === null || info === undefined || now === undefined || now.epoch === null)
    throw new Error("it isn't in #everyone");
  const who: Who = { server: self.server, kind: "name", identity };
  const told = await ghostJoins(info, { who, epoch: now.epoch, ...(userKey === undefined ? {} : { userKey }) });
  for (const victim of liar.victims) if (victim.name === person.name) logs?.insert(victim, group, told);
}

async function membersOf(person: ServedChat): Promise<number> {
  return (await view(person))?.members.length ?? 0;
}

async function view({ runtime }: ServedChat) {
  return await (await runtime.session("everyone"))?.look();
}

/** Alice and Bob, on the server that lies, in #everyone; each has seen the other. It says the truth until then. */
async function two(): Promise<readonly [ServedChat, ServedChat]> {
  // Whatever it will say, it has to know what it has said.
  lieAboutMessages((_, real) => [real]);
  const people = [arrive("alice"), arrive("bob")] as const;
  for (const person of people) {
    await person.chat.online();
    await person.runtime.settled();
  }
  await world.until(() => people.every((person) => readersOf(person) === "alice,bob"));
  for (const person of people) await person.look("#everyone");
  return people;
}

function arrive(name: string): ServedChat {
  return world.make(name, { server: { host: "127.0.0.1", port: liar.port } });
}

type Lie = (victim: Victim, real: Entry, nth: number) => readonly Told[];
let rewrite: (victim: Victim, real: Entry) => readonly Told[] = (_, real) => [real];

/** `nth`: how many messages this victim was told since the lie began, with this one. */
function lieAboutMessages(lie: Lie): void {
  const counts = new Map<Victim, number>();
  rewrite = (victim, real) => {
    if (real.kind !== "message" || real.device === victim.device) return [real];
    const nth = (counts.get(victim) ?? 0) + 1;
    counts.set(victim, nth);
    return lie(victim, real, nth);
  };
  logs ??= falseLogs((victim, _, real) => rewrite(victim, real));
  liar.tell(logs);
}

let logs: ReturnType<typeof falseLogs> | null = null;
beforeEach(() => {
  logs = null;
});

function hex(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}

function readersOf({ chat }: ServedChat): string {
  const room = chat.named("#everyone");
  return room?.kind === "sealed-room" ? room.readers.join() : "";
}

async function has(person: ServedChat, line: string): Promise<void> {
  await world.until(async () => (await person.lines("#everyone")).includes(line));
}

/** What stands in #everyone, without who came in. */
async function screen(person: ServedChat): Promise<readonly string[]> {
  return (await person.lines("#everyone")).filter((line) => !/came in|added/.test(line));
}

/** The page says so, too. */
function said(text: string): void {
  expect(page).toContain(text);
}

function holdsOf({ events }: ServedChat): readonly string[] {
  return events.flatMap((event) => (event.kind === "held" && event.hold !== null ? [explainHold(event.hold)] : []));
}
