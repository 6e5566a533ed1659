import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toText } from "../../src/agent/delivery/base64url.ts";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import type { Refusal } from "../../src/wire/frames/refusals.ts";
import { signingKeyOf } from "../../src/mls/identity/ed25519.ts";
import { rotateUserKey } from "../../src/mls/identity/succession.ts";
import { hex } from "./device.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

const LOST = { kind: "unknown", why: { kind: "closed" } } as const;

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await endWithoutFailures(world);
});

test("SR-50 a removed device gets its removal and nothing behind it, the rest goes on without a hold on anybody's side, and who was away sees it right", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const phone = await another(laptop, "phone");
  const nas = await another(laptop, "nas");
  const tablet = await another(bob, "tablet");
  const all = [laptop, phone, nas, bob, tablet];
  answered(await laptop.chat.createRoom("ops", "invite"));
  await laptop.runtime.settled();
  const ops = laptop.conversation("#ops").id;
  expect(await laptop.chat.invite(ops, "bob")).toEqual({ kind: "taken" });
  for (const device of all) await has(device, "#ops", 5);
  for (const device of all) await device.look("#ops");
  await laptop.send("#ops", "all here");
  await everyone(all, "#ops", "alice: all here");
  await tablet.stop();
  const former = await keysOf("alice", bob, "#ops");

  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await world.until(() => phone.chat.standing.kind === "removed");
  for (const device of [laptop, nas, bob]) await has(device, "#ops", 4);
  const present = [laptop, nas, bob];
  await renewed("alice", present, "#ops", former);
  await laptop.send("#ops", "from the laptop");
  await everyone(present, "#ops", "alice: from the laptop");
  await nas.send("#ops", "from the nas");
  await everyone(present, "#ops", "alice: from the nas");
  await bob.send("#ops", "from bob");
  await everyone(present, "#ops", "bob: from bob");
  const removal =
    "(alice: removed a device (phone) of their own with alice's laptop; their new key is signed by the old one)";
  expect(await bob.lines("#ops")).toContain(removal);
  expect(await nas.lines("#ops")).toContain(
    "(alice: removed a device (phone) of yours with alice's laptop: it reads nothing behind this line)",
  );
  for (const device of [...present, phone]) expect(heldIn(device)).toEqual([]);

  // The removed one: up to its removal, and no key of what comes then.
  await phone.runtime.settled();
  const lines = await phone.lines("#ops");
  expect(lines).toContain("alice: all here");
  expect(lines.filter((line) => line.includes("from "))).toEqual([]);
  const views = await Promise.all([laptop, nas, bob, phone].map(async (device) => await view(device, "#ops")));
  const [one, ...others] = views.map((each) => hex(each?.authenticator ?? new Uint8Array()));
  expect(others.slice(0, 2)).toEqual([one, one]);
  expect(others[2]).not.toBe(one);
  expect(views[3]?.epoch).toBeLessThan(views[0]?.epoch ?? 0);
  await phone.stop();
  phone.start();
  await world.until(() => phone.chat.standing.kind === "removed");

  // Away during all of it.
  tablet.start();
  await everyone([tablet], "#ops", "bob: from bob");
  expect(await tablet.lines("#ops")).toContain(removal);
  await tablet.send("#ops", "back");
  await everyone([...present, tablet], "#ops", "bob: back");
  expect(heldIn(tablet)).toEqual([]);
  // Their numbers are the same, and another than before.
  expect(await nas.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
  expect(answered(await nas.chat.devices()).map(({ label }) => label)).toEqual(["alice's laptop", "nas"]);
});

test("SR-40 a device that was removed isn't asked into a group again, although the server lists it still, and one that stays shows the former key", async () => {
  const [laptop] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  answered(await laptop.chat.createRoom("ops", "invite"));
  for (const device of [laptop, nas, phone]) await has(device, "#ops", 3);
  await nas.stop();
  const id = await idOf(phone);
  const { client } = laptop.runtime;
  const request = client.request.bind(client);
  const before = await request("look-up", { name: "alice" });
  expect(await laptop.chat.removeDevices([id])).toMatchObject({ value: { kind: "removed" } });
  await has(laptop, "#ops", 2);
  await laptop.runtime.settled();
  const asked: string[] = [];
  vi.spyOn(client, "request").mockImplementation(async (type, body) => {
    if (type === "look-up") return before;
    if (type === "take-packages" && "of" in body) asked.push(...body.of);
    return await request(type, body);
  });
  await laptop.runtime.completeGroups();
  expect(asked).toEqual([]);
});

test("SR-55 who comes while a device that stays is away, and so finds two keys of one person, is told which devices are theirs", async () => {
  const [laptop] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  await has(laptop, "#everyone", 4);
  await nas.stop();
  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await has(laptop, "#everyone", 3);
  await world.until(async () => (await keysOf("alice", laptop, "#everyone")).length === 2);
  const carol = world.make("carol");
  await has(carol, "#everyone", 4);
  await world.until(async () => (await view(carol, "#everyone"))?.holds.length === 0);
  expect(await keysOf("alice", carol, "#everyone")).toHaveLength(2);
  nas.start();
  await world.until(async () => (await keysOf("alice", carol, "#everyone")).length === 1);
  expect((await view(carol, "#everyone"))?.holds).toEqual([]);
});

test("SR-57 who comes behind a removal and finds a device under the former key, with nobody there to announce the present one, knows it for one of theirs; a new device of the same person does, too", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  await has(laptop, "#everyone", 4);
  await nas.stop();
  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await world.until(async () => (await keysOf("alice", laptop, "#everyone")).length === 2);
  await has(laptop, "#everyone", 3);
  const tablet = await another(laptop, "tablet", { comesIn: false });
  await laptop.runtime.settled();
  await laptop.stop();
  const carol = world.make("carol");
  await carol.chat.online();
  tablet.runtime.comeIn();
  for (const device of [carol, tablet]) {
    await has(device, "#everyone", 5);
    await device.look("#everyone");
    await device.send("#everyone", "from here");
    await everyone([bob], "#everyone", `${device.name}: from here`);
    expect(heldIn(device)).toEqual([]);
    await unheld(device, 5);
  }
});

test("SR-62 who comes where two keys of one person are shown, the former one first, takes the present one, each device of theirs by itself", async () => {
  const nas = world.make("alice", { deviceLabel: "nas" });
  // Alice's first device, also where the laptop would be faster.
  await nas.chat.online();
  await nas.runtime.settled();
  const laptop = await another(nas, "laptop");
  const phone = await another(laptop, "phone");
  await has(laptop, "#everyone", 3);
  await nas.stop();
  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await has(laptop, "#everyone", 2);
  // The leaf that shows the former key is the first one.
  await world.until(async () => (await keysOf("alice", laptop, "#everyone")).length === 2);
  const carol = world.make("carol");
  await unheld(carol, 3);
  // Her second device knows nobody, though the laptop knows her; and comes while the laptop is away, with the server's word about nobody.
  const tablet = await another(carol, "tablet");
  await unheld(tablet, 4);
  await laptop.stop();
  const watch = await another(carol, "watch");
  await has(watch, "#everyone", 5);
  laptop.start();
  await unheld(watch, 5);
  expect(await keysOf("alice", watch, "#everyone")).toHaveLength(2);
  nas.start();
  for (const device of [carol, tablet, watch]) {
    await world.until(async () => (await keysOf("alice", device, "#everyone")).length === 1);
    expect((await view(device, "#everyone"))?.holds.filter(({ kind }) => kind !== "new-readers")).toEqual([]);
  }
});

test("SR-62 so does who comes right after a restore over the removal into the group of before it, while a device that stays is away", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  for (const device of [laptop, bob, nas, phone]) await has(device, "#everyone", 4);
  const backup = await world.backUp();
  await nas.stop();
  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await has(bob, "#everyone", 3);
  for (const device of [laptop, bob]) await device.stop();
  await world.stopServer();
  world.restore(backup);
  await world.startServer();
  // She finds the former key alone, and the phone still in; then the conversation goes on in another group.
  const carol = world.make("carol");
  await world.until(async () => (await view(carol, "#everyone"))?.row.status === "active");
  const before = hex((await view(carol, "#everyone"))?.row.id ?? new Uint8Array());
  for (const device of [laptop, bob]) device.start();
  await world.until(async () => {
    const there = await Promise.all([carol, laptop, bob].map(async (device) => await view(device, "#everyone")));
    return there.every((each) => each?.row.status === "active" && hex(each.row.id) !== before);
  });
  await world.until(async () => !(await view(carol, "#everyone"))?.holds.some(({ kind }) => kind === "changed-key"));
  await laptop.look("#everyone");
  await laptop.send("#everyone", "here");
  await everyone([bob, carol], "#everyone", "alice: here");
});

test("SR-64 a server that is restored over a removal while everybody's devices stay on goes on without the removed one", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  for (const device of [laptop, bob, nas, phone]) await has(device, "#everyone", 4);
  const backup = await world.backUp();
  const lost = await idOf(phone);
  expect(await laptop.chat.removeDevices([lost])).toMatchObject({ value: { kind: "removed" } });
  for (const device of [laptop, bob, nas]) await has(device, "#everyone", 3);
  await world.until(async () => (await seedOf(nas)) === (await seedOf(laptop)));
  await world.stopServer();
  world.restore(backup);
  // The server knows it again, and lets it in, until a device comes that shows otherwise.
  await phone.stop();
  await world.startServer();
  phone.start();
  for (const device of [laptop, nas]) {
    await world.until(async () => {
      const { client } = device.runtime;
      const listed = client.state.kind === "online" ? await client.request("own-devices", {}) : null;
      if (listed?.kind !== "answered") return false;
      const ids = listed.value.devices.map((one) => one.device);
      return ids.length === 2 && !ids.includes(lost);
    });
  }
  await world.until(() => phone.chat.standing.kind === "removed");
  for (const device of [laptop, bob, nas]) await has(device, "#everyone", 3);
  await laptop.look("#everyone");
  await laptop.send("#everyone", "here");
  await everyone([bob, nas], "#everyone", "alice: here");
});

test("SR-64 a server that is restored over a removal goes on without the removed device also where only one is left that has followed the new key, and hadn't come anew since", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  for (const device of [laptop, bob, nas, phone]) await has(device, "#everyone", 4);
  const backup = await world.backUp();
  const before = (await nas.store.load()).receipt;
  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await world.until(async () => (await seedOf(nas)) === (await seedOf(laptop)));
  expect((await nas.store.load()).receipt).not.toEqual(before);
  for (const device of [laptop, phone, nas]) await device.stop();
  await world.stopServer();
  world.restore(backup);
  await world.startServer();
  // The server knows it again, until a device comes that shows otherwise.
  phone.start();
  await world.until(() => phone.chat.state.kind === "online");
  nas.start();
  await world.until(() => phone.chat.standing.kind === "removed");
  await world.until(() => nas.chat.state.kind === "online" && nas.chat.standing.kind === "confirmed");
});

test("SR-68 who was away over two removals, and a restore that lost both, takes the key that came of them from the one device that is left", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const phone = await another(laptop, "phone");
  for (const device of [laptop, bob, phone]) await has(device, "#everyone", 3);
  await bob.stop();
  const backup = await world.backUp();
  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  // It comes behind the first removal, and hears of that from the server alone.
  const nas = await another(laptop, "nas");
  await world.until(async () => (await nas.store.load()).successions.length === 1);
  await has(nas, "#everyone", 3);
  expect(await nas.chat.removeDevices([await idOf(laptop)])).toMatchObject({ value: { kind: "removed" } });
  await world.until(() => isOut(laptop));
  for (const device of [laptop, phone]) await device.stop();
  await world.stopServer();
  world.restore(backup);
  await world.startServer();
  await world.until(async () => {
    const { client } = nas.runtime;
    const owner = { kind: "name", identity: "alice" } as const;
    const told = client.state.kind === "online" ? await client.request("successions", { owner }) : null;
    return told?.kind === "answered" && told.value.statements.length === 2;
  });
  bob.start();
  for (const device of [nas, bob]) await has(device, "#everyone", 2);
  await bob.look("#everyone");
  await bob.send("#everyone", "is it you?");
  await everyone([nas], "#everyone", "bob: is it you?");
  expect(heldIn(bob).filter(({ kind }) => kind === "changed-key")).toEqual([]);
});

test.each([1, 2])(
  "SR-69 a device that was confirmed and ended before it was in any group goes on as one that stays, though %d were removed meanwhile",
  async (count) => {
    const [laptop, bob] = await two("alice", "bob");
    const others = [await another(laptop, "phone"), await another(laptop, "tablet")].slice(0, count);
    const away = await another(laptop, "nas", { comesIn: false });
    await away.stop();
    for (const other of others)
      expect(await laptop.chat.removeDevices([await idOf(other)])).toMatchObject({ value: { kind: "removed" } });
    await world.until(async () => (await view(bob, "#everyone"))?.members.length === 4 - count);
    const nas = world.copyOf(away);
    nas.start();
    for (const device of [laptop, bob, nas]) await has(device, "#everyone", 5 - count);
    await world.until(async () => (await seedOf(nas)) === (await seedOf(laptop)));
    await nas.look("#everyone");
    await nas.send("#everyone", "here");
    await everyone([laptop, bob], "#everyone", "alice: here");
    for (const device of [laptop, bob, nas])
      expect(heldIn(device).filter(({ kind }) => kind === "changed-key")).toEqual([]);
    await nas.stop();
  },
);

test("SR-69 a device that was in no group is removed without the others of its person taking the new key for a changed one", async () => {
  const [desk, bob] = await two("alice", "bob");
  const laptop = await another(desk, "laptop");
  const phone = await another(desk, "phone", { comesIn: false });
  for (const device of [desk, bob, laptop]) await has(device, "#everyone", 3);
  expect(await desk.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await world.until(() => isOut(phone));
  await world.until(async () => (await seedOf(laptop)) === (await seedOf(desk)));
  expect(await laptop.chat.removeDevices([await idOf(desk)])).toMatchObject({ value: { kind: "removed" } });
  for (const device of [bob, laptop]) await has(device, "#everyone", 2);
  await laptop.look("#everyone");
  await laptop.send("#everyone", "here");
  await everyone([bob], "#everyone", "alice: here");
});

test("DI-9 a device that has come back in by itself where it was added is followed as any other when it removes one", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const phone = await another(laptop, "phone");
  const nas = await another(laptop, "nas");
  const tablet = await another(laptop, "tablet");
  const all = [laptop, bob, phone, nas, tablet];
  for (const device of all) await has(device, "#everyone", 5);
  await nas.stop();
  answered(await laptop.chat.createRoom("ops", "invite"));
  expect(await laptop.chat.invite(laptop.conversation("#ops").id, "bob")).toEqual({ kind: "taken" });
  for (const device of [laptop, bob, phone, tablet]) await has(device, "#ops", 5);
  // The Welcome doesn't open, so its leaf is replaced by its own commit.
  nas.start((store) => ({ ...store, keyPackage: async () => await Promise.resolve(null) }));
  await has(nas, "#ops", 5);
  await nas.runtime.settled();
  const former = await keysOf("alice", bob, "#ops");
  expect(await nas.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  const left = [laptop, bob, nas, tablet];
  for (const words of ["#ops", "#everyone"]) await renewed("alice", left, words, former);
  for (const device of [laptop, tablet]) expect(await seedOf(device)).toBe(await seedOf(nas));
  await bob.look("#ops");
  await bob.send("#ops", "here");
  await everyone(left, "#ops", "bob: here");
  expect(left.flatMap(heldIn).filter(({ kind }) => kind === "changed-key")).toEqual([]);
});

test("DI-9 a device that its person has confirmed since one went without a word removes another, and is followed by who confirmed it", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const [old, tablet] = [await another(laptop, "old"), await another(laptop, "tablet")];
  for (const device of [laptop, bob, old, tablet]) await has(device, "#everyone", 4);
  // As the server orders it of one that was unseen for long; bob's client does it.
  const { kind } = await laptop.runtime.client.request("retire-device", { device: await idOf(old) });
  expect(kind).toBe("answered");
  for (const device of [laptop, bob, tablet]) await has(device, "#everyone", 3);
  const phone = await another(laptop, "phone");
  for (const device of [laptop, bob, tablet, phone]) await has(device, "#everyone", 4);
  const former = await keysOf("alice", bob, "#everyone");
  expect(await phone.chat.removeDevices([await idOf(tablet)])).toMatchObject({ value: { kind: "removed" } });
  const left = [laptop, bob, phone];
  await renewed("alice", left, "#everyone", former);
  expect(await seedOf(laptop)).toBe(await seedOf(phone));
  await bob.look("#everyone");
  await bob.send("#everyone", "is it you?");
  await everyone(left, "#everyone", "bob: is it you?");
});

test("SR-72 a device that was confirmed while it was off is listed by all of its person's, removed by one that didn't confirm it, and says so when it is started", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  for (const device of [laptop, bob, nas]) await has(device, "#everyone", 3);
  const phone = world.make("alice", { deviceLabel: "phone" });
  await world.until(() => phone.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  const code = standing.kind === "pending" ? (standing.code ?? "") : "";
  await phone.stop();
  answered(await laptop.chat.confirmDevice(code));
  // Whoever types it once more has what they wanted.
  expect(answered(await nas.chat.confirmDevice(code))).toMatchObject({ label: "phone", status: "confirmed" });
  const there = { label: "phone", isThis: false, lastSeen: null, isOnline: false, status: "confirmed", code: null };
  for (const device of [laptop, nas])
    expect(answered(await device.chat.devices())).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ label: "nas", isOnline: true }),
        { id: expect.any(String), ...there },
      ]),
    );
  const id = answered(await nas.chat.devices()).find(({ label }) => label === "phone")?.id ?? "";
  expect(await nas.chat.removeDevices([id])).toEqual({ kind: "answered", value: { kind: "removed", devices: [id] } });
  await world.until(async () => (await seedOf(laptop)) === (await seedOf(nas)));
  expect(answered(await nas.chat.devices()).map(({ label }) => label)).toEqual(["alice's laptop", "nas"]);
  for (const device of [laptop, nas]) {
    await device.look("#everyone");
    await device.send("#everyone", `from ${await idOf(device)}`);
    await everyone([laptop, nas, bob], "#everyone", `alice: from ${await idOf(device)}`);
  }
  for (const device of [laptop, nas, bob]) expect(heldIn(device)).toEqual([]);

  for (const _ of ["first", "second"]) {
    phone.start();
    await world.until(() => isOut(phone) && phone.chat.state.kind === "ended");
    await phone.stop();
  }
  phone.start();
  expect(await phone.chat.newDevice()).toEqual({ kind: "taken" });
  await world.until(() => phone.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length > 0);
});

test("SR-72 one that was confirmed and has not come when another one is removed waits to be confirmed anew", async () => {
  const [laptop] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = world.make("alice", { deviceLabel: "phone" });
  await world.until(() => phone.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  const code = standing.kind === "pending" ? (standing.code ?? "") : "";
  await phone.stop();
  answered(await laptop.chat.confirmDevice(code));
  const lost = await idOf(nas);
  expect(await laptop.chat.removeDevices([lost])).toEqual({
    kind: "answered",
    value: { kind: "removed", devices: [lost] },
  });
  expect(answered(await laptop.chat.devices()).map(({ label }) => label)).toEqual(["alice's laptop"]);
  phone.start();
  await world.until(() => phone.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length > 0);
  answered(await laptop.chat.confirmDevice(code));
  await world.until(() => phone.chat.standing.kind === "confirmed" && phone.chat.state.kind === "online");
});

test("SR-72 one that was confirmed and comes at the very moment when another one is removed stays", async () => {
  const [laptop] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  await has(laptop, "#everyone", 3);
  const phone = world.make("alice", { deviceLabel: "phone" });
  await world.until(() => phone.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length > 0);
  const { standing } = phone.chat;
  const code = standing.kind === "pending" ? (standing.code ?? "") : "";
  await phone.stop();
  answered(await laptop.chat.confirmDevice(code));
  const lost = await idOf(nas);
  const { client } = laptop.runtime;
  const request = client.request.bind(client);
  let isDue = true;
  vi.spyOn(client, "request").mockImplementation(async (type, body) => {
    if (isDue && type === "rotate-user-key") {
      isDue = false;
      phone.start();
      await has(phone, "#everyone", 4);
    }
    return await request(type, body);
  });
  expect(await laptop.chat.removeDevices([lost])).toEqual({
    kind: "answered",
    value: { kind: "removed", devices: [lost] },
  });
  for (const device of [laptop, phone]) await has(device, "#everyone", 3);
  await world.until(async () => (await seedOf(phone)) === (await seedOf(laptop)));
  await phone.look("#everyone");
  await phone.send("#everyone", "here");
  await everyone([laptop], "#everyone", "alice: here");
  expect(heldIn(laptop)).toEqual([]);
});

test("SR-56 a device that has just been confirmed comes into #everyone before it removes another one, so that it is taken at its word there", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const former = await keysOf("alice", bob, "#everyone");
  const lost = await idOf(laptop);
  const nas = world.make("alice", { deviceLabel: "nas" });
  await world.until(() => nas.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length > 0);
  const { standing } = nas.chat;
  answered(await laptop.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await world.until(() => nas.chat.standing.kind === "confirmed" && nas.chat.state.kind === "online");
  // At once: most often it isn't in #everyone yet.
  expect(await nas.chat.removeDevices([lost])).toMatchObject({ value: { kind: "removed" } });
  await world.until(async () => {
    const keys = await keysOf("alice", bob, "#everyone");
    return keys.length === 1 && keys[0] !== former[0] && (await view(bob, "#everyone"))?.holds.length === 0;
  });
  await bob.look("#everyone");
  await bob.send("#everyone", "is it you?");
  await everyone([nas], "#everyone", "bob: is it you?");
});

test.each(["never arrives", "is answered, and the answer is lost"])(
  "SR-52 a removal whose request %s goes on when the device is there again",
  async (how) => {
    const [laptop, bob] = await two("alice", "bob");
    const phone = await another(laptop, "phone");
    await has(bob, "#everyone", 3);
    const former = await keysOf("alice", bob, "#everyone");
    const id = await idOf(phone);
    const { client } = laptop.runtime;
    const request = client.request.bind(client);
    vi.spyOn(client, "request").mockImplementation(async (type, body) => {
      if (type === "rotate-user-key" && how.startsWith("never")) return LOST;
      const answer = await request(type, body);
      return type === "rotate-user-key" ? LOST : answer;
    });
    expect(await laptop.chat.removeDevices([id])).toMatchObject({ value: { kind: "waiting" } });
    expect((await laptop.store.load()).rotation).not.toBeNull();
    await laptop.stop();
    laptop.start();
    await world.until(() => phone.chat.standing.kind === "removed");
    await has(bob, "#everyone", 2);
    await renewed("alice", [laptop, bob], "#everyone", former);
    await laptop.send("#everyone", "here again");
    await everyone([bob], "#everyone", "alice: here again");
    expect((await laptop.store.load()).rotation).toBeNull();
    for (const device of [laptop, bob]) expect(heldIn(device)).toEqual([]);
  },
);

test("SR-52 a removal that was done, and whose request is then refused by whatever doesn't say that it wasn't, loses nothing of the new key", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const phone = await another(laptop, "phone");
  await has(bob, "#everyone", 3);
  const former = await keysOf("alice", bob, "#everyone");
  const id = await idOf(phone);
  const { client } = laptop.runtime;
  const request = client.request.bind(client);
  const refusals: readonly (Refusal | null)[] = [
    { reason: "too-many-requests" },
    { reason: "server-full" },
    { reason: "timed-out" },
    { reason: "unknown-request" },
    { reason: "no-user-key" },
    null,
  ];
  let asked = 0;
  vi.spyOn(client, "request").mockImplementation(async (type, body) => {
    if (type === "rotate-user-key") asked += 1;
    const isAgain = type === "rotate-user-key" && asked > 1;
    if (isAgain) return { kind: "refused", refusal: refusals[asked - 2] ?? null };
    const answer = await request(type, body);
    return type === "rotate-user-key" ? LOST : answer;
  });
  expect(await laptop.chat.removeDevices([id])).toMatchObject({ value: { kind: "waiting" } });
  for (const _ of refusals) await laptop.chat.removeDevices([id]);
  expect(asked).toBe(1 + refusals.length);
  await laptop.stop();
  laptop.start();
  await has(bob, "#everyone", 2);
  await renewed("alice", [laptop, bob], "#everyone", former);
  for (const device of [laptop, bob]) expect(heldIn(device)).toEqual([]);
});

test("SR-52 two removals that are asked of one device at once are both done, one after the other", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  for (const device of [laptop, bob]) await has(device, "#everyone", 4);
  const former = await keysOf("alice", bob, "#everyone");
  const ids = [await idOf(nas), await idOf(phone)];
  const outcomes = await Promise.all(ids.map(async (id) => await laptop.chat.removeDevices([id])));
  expect(outcomes).toEqual(ids.map((id) => ({ kind: "answered", value: { kind: "removed", devices: [id] } })));
  await world.until(() => [nas, phone].every(isOut));
  await has(bob, "#everyone", 2);
  await renewed("alice", [laptop, bob], "#everyone", former);
  expect((await laptop.store.load()).rotation).toBeNull();
  for (const device of [laptop, bob]) expect(heldIn(device)).toEqual([]);
});

test("SR-53 of two devices that remove a third at once one wins, the other follows it, and all have one key", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  await has(bob, "#everyone", 4);
  for (const device of [laptop, nas]) await has(device, "#everyone", 4);
  const former = await keysOf("alice", bob, "#everyone");
  const id = await idOf(phone);
  const outcomes = await Promise.all([laptop, nas].map(async ({ chat }) => await chat.removeDevices([id])));
  expect(outcomes).toContainEqual({ kind: "answered", value: { kind: "removed", devices: [id] } });
  await world.until(() => phone.chat.standing.kind === "removed");
  await has(bob, "#everyone", 3);
  await renewed("alice", [laptop, nas, bob], "#everyone", former);
  expect(await nas.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
  for (const device of [laptop, nas, bob]) expect(heldIn(device)).toEqual([]);
});

test("SR-53 of two devices that remove each other at once one stays, the other is out with nothing kept of its own key, and a third follows", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const phone = await another(laptop, "phone");
  for (const device of [bob, laptop, nas, phone]) await has(device, "#everyone", 4);
  const former = await keysOf("alice", bob, "#everyone");
  const [laptopId, phoneId] = [await idOf(laptop), await idOf(phone)];
  const outcomes = await Promise.all([laptop.chat.removeDevices([phoneId]), phone.chat.removeDevices([laptopId])]);
  // Nobody is told that a removal goes on by itself which nobody goes on with.
  expect(outcomes.filter((each) => each.kind === "answered")).toMatchObject([{ value: { kind: "removed" } }]);
  await world.until(() => [laptop, phone].some(isOut));
  const [stays, out] = isOut(phone) ? [laptop, phone] : [phone, laptop];
  await has(bob, "#everyone", 3);
  await renewed("alice", [stays, nas, bob], "#everyone", former);
  expect(await nas.chat.ownNumber()).toEqual(await stays.chat.ownNumber());
  expect((await out.store.load()).rotation).toBeNull();
  await stays.send("#everyone", "still here");
  await everyone([nas, bob], "#everyone", "alice: still here");
  for (const device of [stays, nas, bob]) expect(heldIn(device)).toEqual([]);
  expect(isOut(stays)).toBe(false);
});

test("SR-54 a kick ends sessions alone; a ban reaches all devices of the person in every room, and others' clients remove them", async () => {
  const [alice, bob] = await two("alice", "bob");
  const tablet = await another(bob, "tablet");
  answered(await alice.chat.createRoom("ops", "invite"));
  await alice.runtime.settled();
  expect(await alice.chat.invite(alice.conversation("#ops").id, "bob")).toEqual({ kind: "taken" });
  for (const device of [alice, bob, tablet]) await has(device, "#ops", 3);
  for (const device of [alice, bob, tablet]) await device.look("#ops");
  await alice.send("#ops", "before");
  await everyone([bob, tablet], "#ops", "alice: before");

  expect(await alice.chat.kick("bob")).toEqual({ kind: "taken" });
  await world.until(() => [bob, tablet].every((device) => device.chat.state.kind === "ended"));
  expect((await view(alice, "#ops"))?.members).toHaveLength(3);
  for (const device of [bob, tablet]) {
    await device.stop();
    device.start();
    await device.chat.online();
    await device.runtime.settled();
  }

  expect(await alice.chat.ban("bob")).toEqual({ kind: "taken" });
  for (const words of ["#ops", "#everyone"]) await has(alice, words, 1);
  await alice.send("#ops", "behind");
  await alice.runtime.settled();
  expect(heldIn(alice)).toEqual([]);
  for (const device of [bob, tablet]) {
    expect(device.chat.state.kind).toBe("ended");
    expect(await device.lines("#ops")).not.toContain("alice: behind");
    await device.stop();
    device.start();
    await world.until(() => device.chat.state.kind === "ended");
    expect(await device.lines("#ops")).not.toContain("alice: behind");
  }
});

test("SR-51 a bare name isn't anybody's without its key: it can't be begun anew, and its device stays as it is", async () => {
  const [alice] = await two("alice", "bob");
  expect(await alice.chat.resetDevices()).toEqual({ kind: "refused", error: { reason: "name-has-key" } });
  expect(alice.chat.standing).toEqual({ kind: "confirmed" });
});

test("DI-18 a stolen phone makes none of its person's devices doubtful by a new key that removes nobody, and is removed as ever", async () => {
  const [laptop, bob] = await two("alice", "bob");
  const phone = await another(laptop, "phone");
  const nas = await another(laptop, "nas");
  const all = [laptop, bob, phone, nas];
  for (const device of all) await has(device, "#everyone", 4);
  const [self, { userSeed }] = [await phone.runtime.self(), await phone.store.load()];
  if (self === null || userSeed === null) throw new Error("no device");
  const who = { server: self.server, ...self.owner };
  const fields = { ...who, label: "", deviceId: self.device.id, deviceLabel: "phone", node: "", notAfter: 0n };
  const { statement } = rotateUserKey(
    who,
    signingKeyOf(userSeed),
    [{ fields, deviceKey: signingKeyOf(self.device.seed).publicKey }],
    [Uint8Array.from(randomBytes(16))],
  );
  const session = await phone.runtime.session(EVERYONE);
  const before = (await view(phone, "#everyone"))?.epoch ?? 0;
  const outcome = await session?.commit({ kind: "succeed", statement, devices: [], again: true });
  expect(outcome?.kind).toBe("done");
  for (const device of [laptop, bob, nas])
    await world.until(async () => ((await view(device, "#everyone"))?.epoch ?? 0) > before);
  for (const device of [laptop, bob, nas]) {
    expect((await device.lines("#everyone")).join("\n")).not.toMatch(/removed|new key/);
    await device.look("#everyone");
    await device.send("#everyone", `from ${(await idOf(device)).slice(0, 8)}`);
  }
  for (const device of [laptop, bob, nas])
    await everyone(all, "#everyone", `${device.name}: from ${(await idOf(device)).slice(0, 8)}`);
  const former = await keysOf("alice", bob, "#everyone");
  expect(await laptop.chat.removeDevices([await idOf(phone)])).toMatchObject({ value: { kind: "removed" } });
  await world.until(() => phone.chat.standing.kind === "removed");
  await renewed("alice", [laptop, bob, nas], "#everyone", former);
  expect(nas.chat.standing.kind).toBe("confirmed");
  for (const device of [laptop, bob, nas]) expect(heldIn(device)).toEqual([]);
});

test("DI-18 a device that has been behind its person's own new key removes no other with the former one", async () => {
  const [laptop] = await two("alice", "bob");
  const nas = await another(laptop, "nas");
  const self = await nas.runtime.self();
  if (self === null) throw new Error("no device");
  const { userSeed } = await nas.store.load();
  if (userSeed === null) throw new Error("no key");
  const who = { server: self.server, ...self.owner };
  const { statement } = rotateUserKey(who, signingKeyOf(userSeed), [], [Uint8Array.from(randomBytes(16))]);
  const former = signingKeyOf(userSeed).publicKey;
  await self.people.change(nas.store, () => self.people.succeed(who, former, [statement]));
  const outcome = await nas.chat.removeDevices([await idOf(laptop)]);
  expect(outcome).toMatchObject({ kind: "refused", error: { reason: "other" } });
  expect(JSON.stringify(outcome)).toContain("pad devices new");
  expect((await nas.store.load()).rotation).toBeNull();
  expect(laptop.chat.standing.kind).toBe("confirmed");
});

async function seedOf({ store }: ServedChat): Promise<string> {
  return hex((await store.load()).userSeed ?? new Uint8Array());
}

async function two(one: string, other: string): Promise<readonly [ServedChat, ServedChat]> {
  const [first, second] = await world.arrive(one, other);
  if (first === undefined || second === undefined) throw new Error("two were to come");
  for (const device of [first, second]) await device.look("#everyone");
  return [first, second];
}

/** Another device of the same person, confirmed by its code. */
async function another(
  of: ServedChat,
  deviceLabel: string,
  options: { readonly comesIn?: boolean } = {},
): Promise<ServedChat> {
  const device = world.make(of.name, { deviceLabel, ...options });
  await world.until(() => device.chat.standing.kind === "pending" && of.chat.waitingDevices.length > 0);
  const { standing } = device.chat;
  answered(await of.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await world.until(() => device.chat.standing.kind === "confirmed" && device.chat.state.kind === "online");
  await device.runtime.settled();
  return device;
}

/** Until so many devices are in it, as this device sees it. */
async function has(device: ServedChat, words: string, count: number): Promise<void> {
  await world.until(async () => {
    const members = (await view(device, words))?.members ?? [];
    return members.length === count && device.chat.named(words) !== null;
  });
}

/** Until so many devices are in #everyone, as this device sees it, and no key there holds it. */
async function unheld(device: ServedChat, count: number): Promise<void> {
  await has(device, "#everyone", count);
  await world.until(async () => !(await view(device, "#everyone"))?.holds.some(({ kind }) => kind === "changed-key"));
}

/** The user keys that a person's leaves show. */
async function keysOf(name: string, device: ServedChat, words: string): Promise<readonly string[]> {
  const members = (await view(device, words))?.members ?? [];
  const theirs = members.filter(({ who }) => who.endsWith(`:${name}`));
  return [...new Set(theirs.map(({ userKey }) => hex(userKey)))];
}

/** Until they are all in one state of the group, where this person has one user key, which isn't that one. */
async function renewed(name: string, devices: readonly ServedChat[], words: string, former: readonly string[]) {
  await world.until(async () => {
    const states = await Promise.all(
      devices.map(async (device) => hex((await view(device, words))?.authenticator ?? new Uint8Array())),
    );
    const keys = await Promise.all(devices.map(async (device) => await keysOf(name, device, words)));
    return new Set(states).size === 1 && keys.every(([key, ...more]) => more.length === 0 && key !== former[0]);
  });
}

async function view({ runtime }: ServedChat, words: string) {
  return await (await runtime.session(keyOf(words)))?.look();
}

async function everyone(devices: readonly ServedChat[], words: string, line: string): Promise<void> {
  await world.until(async () => {
    if (devices.some(({ chat }) => chat.named(words) === null)) return false;
    const all = await Promise.all(devices.map(async (device) => await device.lines(words)));
    return all.every((lines) => lines.includes(line));
  });
}

function keyOf(words: string): string {
  if (words === "#everyone") return EVERYONE;
  return words.startsWith("#") ? `room:${words.slice(1)}` : `direct:name:${words}`;
}

async function idOf({ runtime }: ServedChat): Promise<string> {
  const self = await runtime.self();
  if (self === null) throw new Error("it has no device");
  return toText(self.device.id);
}

function isOut({ chat }: ServedChat): boolean {
  return chat.standing.kind === "removed";
}

function heldIn(device: ServedChat) {
  return device.events.flatMap((event) => (event.kind === "held" && event.hold !== null ? [event.hold] : []));
}
