import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RuntimeOptions } from "../../src/agent/runtime/runtime.ts";
import { OPEN_ROOM } from "../../src/client/index.ts";
import type { Page } from "../../src/client/message.ts";
import { explainStanding } from "../../src/view/standing.ts";
import { QUICK, startFakeTailscaled } from "../helpers/tailnet.ts";
import { startLyingServer } from "../lying-server/lying-server.ts";
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

  expect(await ownIn(alice, "bob")).toMatchObject({ own: true, from: "alice", sealed: { device: "phone" } });
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

test("AD-7 of two devices that begin at once one is the first, and the other waits", async () => {
  const devices = ["laptop", "phone", "tablet"].map((deviceLabel) => world.make("alice", { deviceLabel }));
  await world.until(() => devices.every(({ chat }) => chat.standing.kind === "pending" || isThere(chat)));
  const [first, ...more] = devices.filter(({ chat }) => chat.standing.kind === "confirmed");
  const others = devices.filter((device) => device !== first);
  expect([more.length, others.map(({ chat }) => chat.standing.kind)]).toEqual([0, ["pending", "pending"]]);
  if (first === undefined) throw new Error("one was to be first");
  await world.until(() => first.chat.waitingDevices.length === 2);
  for (const other of others) {
    expect(await first.chat.confirmDevice(codeOf(other))).toMatchObject({ kind: "answered" });
    await isConfirmed(other);
    expect(await other.chat.ownNumber()).toEqual(await first.chat.ownNumber());
  }
});

test("AD-5 whoever waits is told again after a restart of server, or of either device, and twice confirmed is once", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const tablet = await another(laptop, "tablet");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await waits(phone);
  const code = codeOf(phone);
  for (const device of [laptop, phone]) await device.stop();
  await world.stopServer();
  await world.startServer();
  for (const device of [laptop, phone]) device.start();
  await world.until(() => laptop.chat.waitingDevices.length === 1 && tablet.chat.waitingDevices.length === 1);
  await waits(phone);
  expect(codeOf(phone)).toBe(code);
  const both = await Promise.all([laptop.chat.confirmDevice(code), tablet.chat.confirmDevice(code)]);
  // Who was slower finds it confirmed, or nobody who waits any more.
  expect(both.some(({ kind }) => kind === "answered")).toBe(true);
  await isConfirmed(phone);
  await world.until(() => laptop.chat.waitingDevices.length === 0 && tablet.chat.waitingDevices.length === 0);
  expect(await laptop.chat.confirmDevice(code)).toMatchObject({ value: { label: "phone", status: "confirmed" } });
});

test("AD-31 a device for which no place to wait is left shows no code, says so, and asks by itself until it has one", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  for (const deviceLabel of ["a", "b", "c", "d"]) await waits(world.make("alice", { deviceLabel }));
  const timings = { firstDelay: 300, longestDelay: 1_000 };
  const phone = world.make("alice", { deviceLabel: "phone", timings });
  await waits(phone);
  expect(phone.chat.standing).toEqual({ kind: "pending", code: null, name: "alice" });
  expect(explainStanding(phone.chat.standing)).toMatch(
    /^Too many devices wait to be alice's already, .*pad devices dismiss/,
  );
  expect(explainStanding(phone.chat.standing)).not.toMatch(/confirm|[0-9A-Z]{4}-/);
  const listed = answered(await laptop.chat.devices());
  expect(listed.map(({ label }) => label)).not.toContain("phone");
  const other = listed.find(({ label }) => label === "b");
  expect(await laptop.chat.dismissDevice(other?.id ?? "")).toEqual({ kind: "taken" });
  await world.until(() => phone.chat.standing.kind === "pending" && phone.chat.standing.code !== null);
  await world.until(async () => (await laptop.chat.confirmDevice(codeOf(phone))).kind === "answered");
  await isConfirmed(phone);
});

test("AD-32 a server that refuses to make #everyone isn't asked again at once, and a message for it comes back with why", async () => {
  const full = await chatWorld({ groupsPerPerson: 0 });
  const asked: string[] = [];
  await using liar = await startLyingServer(() => full.port());
  liar.tell({
    request: (_, request) =>
      request.type === "create-group"
        ? { ...request, body: { ...request.body, place: { kind: "room", name: "ops" } } }
        : request,
  });
  const alice = full.make("alice", { server: { host: "127.0.0.1", port: liar.port } });
  alice.runtime.onEvent((event) => {
    if (event.kind === "standing") asked.push(JSON.stringify(event.standing));
  });
  await full.until(() => asked.length > 0);
  await alice.runtime.settled();
  expect(asked[0]).toBe('{"kind":"refused","why":"too many groups"}');
  expect((await alice.store.load()).groups.length).toBe(1);
  const text = expect.stringContaining("no more conversations can be made");
  expect(await alice.send("#everyone", "hi")).toEqual({ kind: "refused", error: { reason: "other", text } });
  await endWithoutFailures(full);
});

test("AD-5 confirmed while it was away, it finds that when it comes", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await waits(phone);
  const code = codeOf(phone);
  await phone.stop();
  expect(await laptop.chat.confirmDevice(code)).toMatchObject({ kind: "answered" });
  phone.start();
  await isConfirmed(phone);
});

test("AD-5 one that isn't wanted is told so and asks no more, until its person begins anew", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await waits(phone);
  await world.until(() => laptop.chat.waitingDevices.length === 1);
  expect(await laptop.chat.dismissDevice(laptop.chat.waitingDevices[0]?.id ?? "")).toEqual({ kind: "taken" });
  expect((await phone.chat.ended()).kind).toBe("refused");
  await world.until(() => troubleOf(phone).includes("pad devices new"));
  expect(await laptop.chat.dismissDevice("AAAAAAAAAAAAAAAAAAAAAA")).toEqual(NO_SUCH_DEVICE);
  expect(await phone.chat.send(everyone(phone), "hello")).toEqual(NOT_CONFIRMED);
  const before = codeOf(phone);
  expect(await phone.chat.newDevice()).toEqual({ kind: "taken" });
  await world.until(() => codeOf(phone) !== before);
  await phone.stop();
  phone.start();
  await waits(phone);
  await world.until(() => laptop.chat.waitingDevices.some(({ code }) => code === codeOf(phone)));
});

test("AD-8 a token confirms one device without anybody at hand; another that has it waits, and so does one that comes too late", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const { token, until } = answered(await laptop.chat.inviteDevice(60));
  expect(until).toBeGreaterThan(Date.now() + 50 * 60_000);
  // The inviting one need not be there at that moment.
  await laptop.stop();
  const backup = world.make("alice", { deviceLabel: "backup", token });
  await waits(backup);
  laptop.start();
  await isConfirmed(backup);
  expect(await backup.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
  expect(await backup.store.load()).toMatchObject({ candidate: null });
  await laptop.runtime.settled();
  expect(await laptop.store.load()).toMatchObject({ invitations: [] });

  const second = world.make("alice", { deviceLabel: "second", token });
  await waits(second);
  await world.until(() => laptop.chat.waitingDevices.some(({ label }) => label === "second"));
  expect(await second.chat.newDevice()).toEqual({ kind: "taken" });
  const misread = world.make("alice", { deviceLabel: "misread", token: "pdt1-what" });
  await waits(misread);
  expect(troubleOf(misread)).toContain("PAD_DEVICE_TOKEN");
});

test("AD-8 a device that has a token takes no confirmation by its code alone, and says so", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const { token } = answered(await laptop.chat.inviteDevice(60));
  await laptop.stop();
  // As if it were another's: the laptop has lost it.
  laptop.start();
  await laptop.chat.online();
  for (const { id } of (await laptop.store.load()).invitations) {
    await laptop.store.commit([{ kind: "invitation-dropped", id }]);
  }
  const backup = world.make("alice", { deviceLabel: "backup", token });
  await waits(backup);
  expect(await laptop.chat.confirmDevice(codeOf(backup))).toMatchObject({ kind: "answered" });
  await world.until(() => troubleOf(backup).includes("without the token"));
});

test("AD-9 a removed device says so, keeps its history and sends nothing; a new one in its place waits", async () => {
  const [laptop, bob] = await world.arrive("alice", "bob");
  if (laptop === undefined || bob === undefined) throw new Error("two were to come");
  const phone = await another(laptop, "phone");
  await world.until(async () => (await membersOf(phone, "#everyone")) === 3);
  for (const device of [laptop, phone, bob]) await device.look("#everyone");
  await bob.send("#everyone", "before");
  await says(phone, "#everyone", ["bob: before"]);
  const id = answered(await phone.chat.devices()).find(({ isThis }) => isThis)?.id ?? "";
  expect(await laptop.runtime.client.request("retire-device", { device: id })).toMatchObject({ kind: "answered" });
  await world.until(() => phone.chat.standing.kind === "removed");
  expect(await phone.chat.ended()).toEqual({ kind: "refused", error: { reason: "device-removed" } });
  await says(phone, "#everyone", ["bob: before"]);
  expect(await phone.chat.send(everyone(phone), "still here?")).toEqual(REMOVED);
  expect(await phone.chat.createRoom("mine", "open")).toEqual(REMOVED);
  await phone.stop();
  phone.start();
  await phone.chat.settled();
  expect(phone.chat.standing).toEqual({ kind: "removed" });
  await says(phone, "#everyone", ["bob: before"]);

  expect(await laptop.chat.newDevice()).toEqual({ kind: "refused", error: { reason: "device-confirmed" } });
  expect(await phone.chat.newDevice()).toEqual({ kind: "taken" });
  await waits(phone);
  await phone.stop();
  phone.start();
  await waits(phone);
  await world.until(async () => (await laptop.chat.confirmDevice(codeOf(phone))).kind === "answered");
  await isConfirmed(phone);
  await world.until(async () => (await membersOf(phone, "#everyone")) === 3);
  await bob.look("#everyone");
  await bob.send("#everyone", "after");
  await world.until(async () => (await phone.lines("#everyone")).includes("bob: after"));
  expect(await phone.lines("#everyone")).toContain("bob: before");
});

test("AD-9 a device that was said to be removed, and is let in again, is confirmed from then on, and isn't begun anew", async () => {
  const [laptop, bob] = await world.arrive("alice", "bob");
  if (laptop === undefined || bob === undefined) throw new Error("two were to come");
  for (const device of [laptop, bob]) await device.look("#everyone");
  // As a server said that is another one now, restored from its backup.
  await laptop.store.commit([{ kind: "device-was-removed" }]);
  const { device } = await laptop.store.load();
  expect(await laptop.chat.newDevice()).toEqual({ kind: "refused", error: { reason: "device-confirmed" } });
  await laptop.stop();
  laptop.start();
  await laptop.chat.online();
  await world.until(async () => !(await laptop.store.load()).isRemoved);
  await laptop.send("#everyone", "still here");
  await says(bob, "#everyone", ["alice: still here"]);
  expect((await laptop.store.load()).device?.id).toEqual(device?.id);
  await laptop.stop();
  laptop.start();
  await laptop.chat.settled();
  expect(laptop.chat.standing).toEqual({ kind: "confirmed" });
});

test("AD-11 from an export a new device is its person's at once, with what was written; without it nothing is to be had", async () => {
  const [laptop, bob] = await world.arrive("alice", "bob");
  if (laptop === undefined || bob === undefined) throw new Error("two were to come");
  for (const device of [laptop, bob]) await device.look("#everyone");
  await bob.send("#everyone", "long ago");
  await laptop.send("#everyone", "indeed");
  await says(laptop, "#everyone", ["bob: long ago", "alice: indeed"]);
  const file = join(laptop.place.folder, "export");
  expect(await laptop.chat.exportDevice(file, "correct horse")).toEqual({ kind: "taken" });
  // Its disk is broken.
  await laptop.stop();
  const phone = world.make("alice", { deviceLabel: "phone" });
  await waits(phone);
  expect(await phone.chat.exportDevice(`${file}2`, "x")).toEqual(NOT_CONFIRMED);
  expect(await phone.chat.importDevice(file, "battery staple")).toEqual({
    kind: "refused",
    error: { reason: "wrong-passphrase" },
  });
  expect(await phone.chat.importDevice(file, "correct horse")).toEqual({
    kind: "answered",
    value: { kind: "confirmed" },
  });
  await isConfirmed(phone);
  expect(await phone.chat.importDevice(file, "correct horse")).toEqual({
    kind: "refused",
    error: { reason: "device-confirmed" },
  });
  await world.until(async () => (await membersOf(phone, "#everyone")) === 3);
  await bob.look("#everyone");
  await bob.send("#everyone", "and now");
  await world.until(async () => (await phone.lines("#everyone")).includes("bob: and now"));
  const [first, second, mark] = await phone.lines("#everyone");
  expect([first, second]).toEqual(["bob: long ago", "alice: indeed"]);
  expect(mark).toMatch(
    /up to here from an export of \d{4}-\d\d-\d\d: what was said between that and when this device came in is not here/,
  );
  const news = phone.events.flatMap((event) => (event.kind === "message" ? [event.message.text] : []));
  expect(news).not.toContain("long ago");
});

test("CS-7 what an imported file has brought stands where it was said, before and between what the device had, page by page", async () => {
  const [laptop, bob] = await world.arrive("alice", "bob");
  if (laptop === undefined || bob === undefined) throw new Error("two were to come");
  for (const device of [laptop, bob]) await device.look("#everyone");
  await bob.send("#everyone", "first");
  const phone = await another(laptop, "phone");
  await world.until(async () => (await membersOf(phone, "#everyone")) === 3);
  await bob.look("#everyone");
  await bob.send("#everyone", "second");
  await world.until(async () => (await phone.lines("#everyone")).includes("bob: second"));
  const id = answered(await laptop.chat.devices()).find(({ isThis }) => !isThis)?.id ?? "";
  expect(await laptop.chat.removeDevices([id])).toMatchObject({ value: { kind: "removed" } });
  await world.until(() => phone.chat.standing.kind === "removed");
  await world.until(async () => (await membersOf(bob, "#everyone")) === 2);
  await bob.look("#everyone");
  await bob.send("#everyone", "third");
  await says(laptop, "#everyone", ["bob: first", "bob: second", "bob: third"]);
  const file = join(laptop.place.folder, "export");
  expect(await laptop.chat.exportDevice(file, "x")).toEqual({ kind: "taken" });

  expect(await phone.chat.newDevice()).toEqual({ kind: "taken" });
  await phone.stop();
  phone.start();
  await waits(phone);
  await world.until(() => laptop.chat.waitingDevices.some(({ code }) => code === codeOf(phone)));
  await phone.runtime.settled();
  expect(await phone.chat.importDevice(file, "x")).toEqual({ kind: "answered", value: { kind: "confirmed" } });
  await isConfirmed(phone);
  await world.until(async () => (await membersOf(phone, "#everyone")) === 3);
  await bob.look("#everyone");
  await bob.send("#everyone", "fourth");
  await world.until(async () => (await phone.lines("#everyone")).includes("bob: fourth"));
  const texts: string[] = [];
  for (let before: number | null = null; ;) {
    const page: Page = answered(await phone.chat.page(everyone(phone), before, 1));
    texts.unshift(...page.messages.filter(({ sealed }) => sealed?.body === "text").map(({ text }) => text));
    before = page.messages[0]?.place ?? null;
    if (page.complete) break;
  }
  expect(texts).toEqual(["first", "second", "third", "fourth"]);
});

test("AD-10 what somebody without a device writes to a person reaches each of their devices that is there", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const phone = await another(laptop, "phone");
  const tom = await world.classic("tom");
  tom.direct("alice", "can you hear me?");
  for (const device of [laptop, phone]) {
    await world.until(() =>
      device.events.some((event) => event.kind === "message" && event.message.text === "can you hear me?"),
    );
  }
});

test("AD-5 on a tailnet a second device is its person's from whichever node, and has ALL while it waits; so has a machine's", async () => {
  const fake = await startFakeTailscaled();
  const tailnet = await chatWorld({}, { tailscaleSocket: fake.path, timings: QUICK });
  const open = (node: string): Partial<RuntimeOptions> => ({ open: async (to) => await fake.dial(node, to.port) });
  for (const [name, first, second] of [
    ["bob", "bob-laptop", "bob-phone"],
    ["nas", "nas", "nas"],
  ] as const) {
    const one = tailnet.make(name, open(first));
    await tailnet.until(() => isThere(one.chat) && one.chat.standing.kind === "confirmed");
    const other = tailnet.make(name, { ...open(second), deviceLabel: "second" });
    await tailnet.until(() => other.chat.standing.kind === "pending" && isThere(other.chat));
    expect(await other.chat.send(OPEN_ROOM.id, "in the open")).toEqual({ kind: "taken" });
    expect(await other.chat.createRoom("mine", "open")).toEqual(NOT_CONFIRMED);
    await tailnet.until(() =>
      one.events.some((event) => event.kind === "message" && event.message.text === "in the open"),
    );
    await tailnet.until(() => one.chat.waitingDevices.length === 1);
    expect(await one.chat.confirmDevice(codeOf(other))).toMatchObject({ kind: "answered" });
    await tailnet.until(() => other.chat.standing.kind === "confirmed" && isThere(other.chat));
    expect(await other.chat.ownNumber()).toEqual(await one.chat.ownNumber());
  }
  // Another person's device can't ask to be bob's, whatever name it says.
  const carol = tailnet.make("bob", open("carol-laptop"));
  expect(await carol.chat.ended()).toMatchObject({ kind: "refused", error: { reason: "name-taken" } });
  await endWithoutFailures(tailnet);
});

test("AD-11 an export from before a removal gives its messages and no device; a removed device gives none", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const phone = await another(laptop, "phone");
  await laptop.send("#everyone", "long ago");
  await says(phone, "#everyone", ["alice: long ago"]);
  const file = join(phone.place.folder, "export");
  expect(await phone.chat.exportDevice(file, "x")).toEqual({ kind: "taken" });
  const id = answered(await phone.chat.devices()).find(({ isThis }) => isThis)?.id ?? "";
  expect(await laptop.chat.removeDevices([id])).toMatchObject({ value: { kind: "removed" } });
  await world.until(() => phone.chat.standing.kind === "removed");
  expect(await phone.chat.exportDevice(`${file}2`, "x")).toEqual(REMOVED);
  const tablet = world.make("alice", { deviceLabel: "tablet" });
  await waits(tablet);
  const imported = await tablet.chat.importDevice(file, "x");
  expect(imported).toMatchObject({ kind: "refused", error: { reason: "own-device" } });
  expect(JSON.stringify(imported)).toContain("has been replaced");
  expect(answered(await tablet.chat.search("long", null, 5)).map(({ text }) => text)).toEqual(["long ago"]);
  await world.until(async () => (await laptop.chat.confirmDevice(codeOf(tablet))).kind === "answered");
  await isConfirmed(tablet);
  expect(await tablet.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
});

test("AD-10 a machine that was just confirmed by a token finds the rooms of its person with its first question", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  answered(await laptop.chat.createRoom("ops", "invite"));
  const { token } = answered(await laptop.chat.inviteDevice(60));
  const nas = world.make("alice", { deviceLabel: "nas", token });
  await world.until(() => nas.chat.standing.kind === "confirmed");
  const rooms = answered(await nas.chat.rooms());
  const ops = rooms.find(({ title }) => title === "#ops")?.conversation ?? null;
  if (ops === null) throw new Error("it was to be in #ops");
  expect(await nas.chat.send(ops.id, "backup done", { acceptMembers: true })).toEqual({ kind: "taken" });
  await says(laptop, "#ops", ["alice: backup done"]);
});

test("AD-7 where the key behind a name is taken away, a device that waits under it is the first anew", async () => {
  await world.stopServer();
  const empty = world.copyAway();
  await world.startServer();
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await waits(phone);
  await laptop.stop();
  await world.stopServer();
  // As after padserve names release alice.
  world.copyBack(empty);
  await world.startServer();
  await isConfirmed(phone);
  expect(answered(await phone.chat.devices()).map(({ label, status }) => [label, status])).toEqual([
    ["phone", "confirmed"],
  ]);
});

/** Alice and bob at two devices each, all of them in `#everyone`. */
test("SR-73 whoever is alone in a room leaves it with all devices, also with one that is away, and after everybody else has left", async () => {
  const { alice, phone, bob, tablet } = await twoAndTwo();
  answered(await alice.chat.createRoom("ops", "open"));
  await world.until(async () => (await membersOf(phone, "#ops")) === 2);
  expect(await alice.chat.leave(alice.conversation("#ops").id)).toEqual({ kind: "taken" });
  await isOut([alice, phone], "#ops");

  answered(await bob.chat.createRoom("talk", "invite"));
  await world.until(async () => (await membersOf(tablet, "#talk")) === 2);
  expect(await bob.chat.invite(bob.conversation("#talk").id, "alice")).toEqual({ kind: "taken" });
  for (const device of [alice, phone]) await world.until(async () => (await membersOf(device, "#talk")) === 4);
  await phone.stop();
  expect(await bob.chat.leave(bob.conversation("#talk").id)).toEqual({ kind: "taken" });
  await world.until(async () => (await membersOf(alice, "#talk")) === 2);
  expect(await alice.chat.leave(alice.conversation("#talk").id)).toEqual({ kind: "taken" });
  phone.start();
  await isConfirmed(phone);
  await isOut([alice, phone, bob, tablet], "#talk");

  // Its name is free for a room that has nothing of the one before.
  answered(await bob.chat.createRoom("talk", "open"));
  await world.until(async () => (await membersOf(tablet, "#talk")) === 2);
  expect(await alice.send("#talk", "still here?")).toEqual(OUTSIDE);
});

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
    const all = (await device.messages(words)).filter(
      ({ sealed }) => sealed?.body !== "members" && sealed?.body !== "brought-in",
    );
    return all.map(({ from, text, sealed }) => (sealed?.body === "text" ? `${from}: ${text}` : `(${from}: ${text})`));
  };
  await world.until(async () => JSON.stringify(await said()) === JSON.stringify(lines));
}

/** Also when all that there was to do has been done. */
async function isOut(devices: readonly ServedChat[], words: string): Promise<void> {
  for (const device of devices) await world.until(async () => (await membersOf(device, words)) === 0);
  for (const device of devices) await device.runtime.settled();
  for (const device of devices) expect(await device.send(words, "still here?")).toEqual(OUTSIDE);
}

async function ownIn(device: ServedChat, words: string) {
  return (await device.messages(words)).find(({ own }) => own);
}

function codeOf({ chat }: ServedChat): string {
  const { standing } = chat;
  if (standing.kind !== "pending") throw new Error(`it is ${standing.kind}`);
  return standing.code ?? "";
}

async function waits(device: ServedChat): Promise<void> {
  await world.until(() => device.chat.standing.kind === "pending");
}

async function isConfirmed(device: ServedChat): Promise<void> {
  await world.until(() => device.chat.standing.kind === "confirmed" && device.chat.state.kind === "online");
  await device.runtime.settled();
}

const NO_SUCH_DEVICE = { kind: "refused", error: { reason: "no-such-device" } };
const NOT_CONFIRMED = { kind: "refused", error: { reason: "device-not-confirmed" } };
const OUTSIDE = { kind: "refused", error: { reason: "not-in-conversation" } };
const REMOVED = { kind: "refused", error: { reason: "device-removed" } };

function isThere({ state }: ServedChat["chat"]): boolean {
  return state.kind === "online";
}

function everyone(device: ServedChat) {
  return device.conversation("#everyone").id;
}

function troubleOf({ chat }: ServedChat): string {
  const { standing } = chat;
  return standing.kind === "pending" ? (standing.trouble ?? "") : "";
}
