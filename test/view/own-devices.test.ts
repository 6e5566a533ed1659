/** What a chat says of its person's own devices, over a fake world of chats that seal. */
import { expect, test } from "vitest";
import type { Chat } from "../../src/view/chat/chat.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";
import { FakeSealedWorld, type FakeSealedChat } from "../helpers/fake-sealed-world.ts";

const CODE = "KQ3F-8H2M-0ZTA-7WVX";

test("VW-50 a device that waits is asked about until it is answered, and confirmed by a key or its code", async () => {
  const { alice, chat, pass } = await meet();
  alice.deviceAsks({ code: CODE, label: "laptop2\u001b[2J" });
  expect(notes(chat)).toContain(`asks to be one of yours, and shows ${CODE}`);
  expect(notes(chat)).not.toContain("\u001b");
  expect(chat.getSnapshot().banner).toContain(CODE);
  pass(1_000);
  expect(chat.answerDevice(true)).toBe(true);
  await settled();
  expect(alice.waitingDevices).toEqual([]);
  expect(chat.getSnapshot().banner).toBe(null);
  expect(notes(chat)).toContain("is one of your devices now");
  expect(chat.answerDevice(true)).toBe(false);

  alice.deviceAsks({ code: "0000-0000-0000-0001", label: "phone" });
  chat.submit("/confirm 0000 0000 0000 0001");
  await settled();
  expect(alice.waitingDevices).toEqual([]);
});

test("VW-50 one that is none of ours is dismissed by a key, or by its label; a wrong code confirms nobody", async () => {
  const { alice, chat, pass } = await meet();
  for (const [label, code] of [
    ["a", CODE],
    ["b", "0000-0000-0000-0001"],
  ] as const) {
    alice.deviceAsks({ code, label });
  }
  chat.submit("/confirm 9999-9999-9999-9999");
  await settled();
  expect(alice.waitingDevices).toHaveLength(2);
  chat.submit("/dismiss a");
  await settled();
  expect(chat.getSnapshot().banner).toContain("0000-0000-0000-0001");
  expect(chat.getSnapshot().banner).toContain("(b)");
  pass(1_000);
  expect(chat.answerDevice(false)).toBe(true);
  await settled();
  expect([alice.waitingDevices, chat.getSnapshot().banner]).toEqual([[], null]);
  chat.submit("/dismiss");
  expect(notes(chat)).toContain("No device waits");
});

test("VW-50 /dismiss takes a code, whole or its beginning, before a label that is the same; of several it dismisses none", async () => {
  const { alice, chat } = await meet();
  const other = "0000-0000-0000-0001";
  for (const code of [CODE, other]) alice.deviceAsks({ code, label: "vm" });
  alice.deviceAsks({ code: "7777-0000-0000-0000", label: CODE });
  chat.submit("/dismiss vm");
  await settled();
  expect(notes(chat)).toContain(`vm may be any of these: vm (${CODE}), vm (${other}). Say which by its code.`);
  expect(alice.waitingDevices).toHaveLength(3);
  chat.submit(`/dismiss ${CODE}`);
  await settled();
  expect(alice.waitingDevices.map(({ code }) => code)).toEqual([other, "7777-0000-0000-0000"]);
  chat.submit("/dismiss oooo ooo");
  await settled();
  expect(alice.waitingDevices.map(({ label }) => label)).toEqual([CODE]);
});

test("VW-50 what waited before the chat began is asked about, and what another device has answered is asked no more", async () => {
  const { alice, chat, pass } = await meet((one) => void one.deviceAsks({ code: CODE, label: "laptop2" }));
  expect(chat.getSnapshot().banner).toContain(CODE);
  pass(1_000);
  await alice.confirmDevice(CODE);
  chat.answerDevice(true);
  await settled();
  expect(chat.getSnapshot().banner).toBe(null);
});

test("VW-51 a device that waits says so, with its code and what to run, until it is confirmed; a removed one says what to do", async () => {
  const { alice, chat } = await meet((one) => one.stand({ kind: "pending", code: CODE, name: "alice" }));
  expect(chat.getSnapshot().banner).toContain(`pad devices confirm ${CODE}`);
  expect(notes(chat)).toContain(`pad devices confirm ${CODE}`);
  // What is written stays with its writer.
  expect(chat.submit("too early")).toBe("kept");
  expect(notes(chat)).toContain("Not sent. This device shows");
  alice.stand({ kind: "confirmed" });
  expect(chat.submit("in time")).toBe("done");
  expect(chat.getSnapshot().banner).toBe(null);
  expect(notes(chat)).toContain("This device is confirmed");
  alice.stand({ kind: "removed" });
  expect(chat.getSnapshot().banner).toContain("pad devices new");
});

test("VW-53 a device that was just confirmed goes to a room that is still to come as soon as it is there", async () => {
  const { alice, chat } = await meet((one) => one.stand({ kind: "pending", code: CODE, name: "alice" }));
  const { world } = alice;
  world.groups.push({ key: "room:trip", kind: "sealed-room", title: "#trip", access: "invite", members: [], log: [] });
  const listed = Promise.withResolvers<void>();
  const rooms = alice.rooms.bind(alice);
  alice.rooms = async () => {
    await listed.promise;
    return await rooms();
  };
  alice.stand({ kind: "confirmed" });
  expect(chat.submit("/to #trip")).toBe("done");
  expect(chat.submit("/to #nowhere")).toBe("done");
  await settled();
  expect(chat.getSnapshot().current.title).toBe("#everyone");
  world.enter(world.group("#trip"), "alice", "alice");
  listed.resolve();
  await settled();
  expect(chat.getSnapshot().current.title).toBe("#trip");
  expect(notes(chat)).not.toContain("You are not in #trip");
  expect(notes(chat)).toContain("You are not in #nowhere");
  expect(chat.submit("/to #nowhere")).toBe("done");
});

test("VW-50 however many ask, no more than eight are told of until some are answered", async () => {
  const { alice, chat } = await meet();
  for (let nth = 10; nth < 40; nth += 1) alice.deviceAsks({ code: `0000-0000-0000-00${nth}`, label: "x" });
  expect(notes(chat).match(/asks to be one of yours/g)).toHaveLength(8);
});

test("CS-48 /devices says of a device that was confirmed and has not come yet just that", async () => {
  const { alice, chat } = await meet();
  const vm = { id: "vm7", label: "vm", isThis: false, lastSeen: null, isOnline: false, code: null };
  alice.ownDevices = [...alice.ownDevices, { ...vm, status: "confirmed" }];
  chat.submit("/devices");
  await settled();
  expect(notes(chat)).toContain("vm: confirmed, has not come yet\npad devices remove");
});

test("VW-52 the answer names the code, also where it is heard first that the device waits no more", async () => {
  const { alice, chat } = await meet();
  const laptop = alice.deviceAsks({ code: CODE, label: "laptop" });
  const confirm = alice.confirmDevice.bind(alice);
  alice.confirmDevice = async (code) => {
    const reply = await confirm(code);
    alice.deviceGoes(laptop);
    return reply;
  };
  chat.submit(`/confirm ${CODE}`);
  await settled();
  expect(notes(chat)).toContain(`laptop (${CODE}) is one of your devices now`);
});

test("VW-52 while several wait no key answers: the code that the new device shows does", async () => {
  const { alice, chat, pass } = await meet();
  const stranger = alice.deviceAsks({ code: "0000-0000-0000-0001", label: "laptop" });
  pass(1_000);
  // Its own device asks last: what is told last is not what the key would have answered about.
  alice.deviceAsks({ code: CODE, label: "laptop" });
  expect(notes(chat).split("\n").at(-1)).toContain("/confirm and the very code");
  expect(notes(chat).split("\n").at(-1)).not.toContain("alt-c");
  expect(chat.getSnapshot().banner).toContain("2 devices ask");
  pass(1_000);
  expect([chat.answerDevice(true), chat.answerDevice(false)]).toEqual([true, true]);
  await settled();
  expect(alice.waitingDevices).toHaveLength(2);
  chat.submit(`/confirm ${CODE}`);
  await settled();
  expect(notes(chat)).toContain(`laptop (${CODE}) is one of your devices now`);
  expect(alice.waitingDevices.map(({ id }) => id)).toEqual([stranger.id]);
  // The other stands alone now, its code first, where no width cuts it off.
  expect(chat.getSnapshot().banner?.startsWith("0000-0000-0000-0001 ")).toBe(true);
});

test("VW-52 whoever else asks, and however often, none that waits is forgotten", async () => {
  const { alice, chat } = await meet();
  const first = alice.deviceAsks({ code: CODE, label: "phone" });
  for (let nth = 10; nth < 20; nth += 1) alice.deviceAsks({ code: `0000-0000-0000-00${nth}`, label: "x" });
  alice.deviceTells(first);
  chat.submit(`/confirm ${CODE}`);
  await settled();
  expect(alice.ownDevices.filter(({ status }) => status === "confirmed").map(({ label }) => label)).toContain("phone");
  // Those that were not told of before are now, as there is room.
  expect(notes(chat)).toContain("0000-0000-0000-0017");
  expect(notes(chat)).not.toContain("0000-0000-0000-0018");
});

test("VW-52 a key does nothing within a second after what stands above the input has changed", async () => {
  const { alice, chat, pass } = await meet();
  const phone = alice.deviceAsks({ code: CODE, label: "phone" });
  const other = alice.deviceAsks({ code: "0000-0000-0000-0001", label: "phone" });
  pass(1_000);
  // Another of the person's devices is faster: the next one slips into its place.
  alice.deviceGoes(phone);
  expect(chat.getSnapshot().banner).toContain("0000-0000-0000-0001");
  pass(999);
  expect([chat.answerDevice(true), chat.answerDevice(false)]).toEqual([true, true]);
  await settled();
  expect(alice.waitingDevices).toHaveLength(1);
  // The same again changes nothing; another code does.
  alice.deviceTells({ ...other, code: "0000-0000-0000-0002" });
  pass(1);
  chat.answerDevice(false);
  await settled();
  expect(alice.waitingDevices).toHaveLength(1);
  pass(999);
  chat.answerDevice(false);
  await settled();
  expect(alice.waitingDevices).toEqual([]);
});

test("VW-52 a clock that is set back lets no key through, and keeps none off for longer than a second", async () => {
  const { alice, chat, pass } = await meet();
  alice.deviceAsks({ code: CODE, label: "phone" });
  pass(-3_600_000);
  chat.answerDevice(true);
  pass(999);
  chat.answerDevice(true);
  await settled();
  expect(alice.waitingDevices).toHaveLength(1);
  pass(1);
  chat.answerDevice(true);
  await settled();
  expect(alice.waitingDevices).toEqual([]);
});

async function meet(before: (alice: FakeSealedChat) => void = () => {}) {
  let now = Date.UTC(2026, 10, 27, 12);
  const pass = (milliseconds: number) => void (now += milliseconds);
  const alice = new FakeSealedWorld().join("alice");
  before(alice);
  const chat = createChat({
    client: alice,
    sealed: alice,
    server: "chat.example",
    now: () => now,
    settings: DEFAULT_SETTINGS,
    troubles: [],
    saveSettings: () => null,
    alert: () => Promise.resolve(null),
  });
  await settled();
  return { alice, chat, pass };
}

function notes(chat: Chat): string {
  return chat
    .getSnapshot()
    .current.entries.flatMap((entry) => (entry.kind === "note" ? [entry.text] : []))
    .join("\n");
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}
