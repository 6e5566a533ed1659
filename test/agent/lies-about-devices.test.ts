import { afterEach, beforeEach, expect, test } from "vitest";
import { sealUserKey } from "../../src/agent/device/confirmation.ts";
import { confirmDevice } from "../../src/agent/device/make-device.ts";
import { withHpke } from "../../src/mls/hpke.ts";
import { confirmCode } from "../../src/mls/identity/confirm-code.ts";
import { newSigningKey, signingKeyOf } from "../../src/mls/identity/ed25519.ts";
import { signSealKey } from "../../src/mls/identity/seal-key.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import { startLyingRelay } from "../helpers/lying-relay.ts";
import type { LyingRelay } from "../helpers/lying-relay.ts";
import { endWithoutFailures } from "./no-failures.ts";
import { chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

type Frame = Parameters<LyingRelay["toClient"]>[0];

let world: ChatWorld;
let relay: LyingRelay;
beforeEach(async () => {
  world = await chatWorld();
  relay = await startLyingRelay(world.port());
});
afterEach(async () => {
  try {
    await endWithoutFailures(world);
  } finally {
    await relay[Symbol.asyncDispose]();
  }
});

/** The server's own keys, in the place of a device's. */
const mallory = { key: newSigningKey(), user: newSigningKey(), seal: withHpke((hpke) => hpke.hpkeKey()) };

test("AD-6 a server that puts its own keys in the place of a new device's is found out by the code", async () => {
  const { laptop, phone, who } = await laptopAndPhone();
  relay.toClient = changed("pending", (waiting) => ({
    ...waiting,
    key: text(mallory.key.publicKey),
    sealKey: {
      key: text(mallory.seal.publicKey),
      signature: text(signSealKey(mallory.key, who, bytes(waiting["device"]), mallory.seal.publicKey)),
    },
  }));
  expect(await laptop.chat.confirmDevice(codeOf(phone))).toEqual(NO_SUCH_DEVICE);
  // What the laptop shows of it is another code than the phone does.
  const shown = await laptop.chat.devices();
  const codes = shown.kind === "answered" ? shown.value.flatMap(({ code }) => code ?? []) : [];
  expect(codes).toEqual([confirmCode(who, mallory.key.publicKey)]);
  relay.toClient = (frame) => frame;
  expect(await laptop.chat.confirmDevice(codeOf(phone))).toMatchObject({ kind: "answered" });
});

test("AD-6 nor can it put its seal key beside the device's own key: the user key is sealed to nobody", async () => {
  const { laptop, phone, who } = await laptopAndPhone();
  const asked: unknown[] = [];
  relay.toServer = (frame) => {
    asked.push(frame["type"]);
    return frame;
  };
  for (const signer of [mallory.key, newSigningKey()]) {
    relay.toClient = changed("pending", (waiting) => ({
      ...waiting,
      sealKey: {
        key: text(mallory.seal.publicKey),
        signature: text(signSealKey(signer, who, bytes(waiting["device"]), mallory.seal.publicKey)),
      },
    }));
    expect(await laptop.chat.confirmDevice(codeOf(phone))).toMatchObject({
      kind: "refused",
      error: { reason: "own-device", text: expect.stringContaining("isn't the device's own") as unknown },
    });
  }
  expect(asked).not.toContain("confirm-device");
});

test("AD-6 a confirmation that isn't for this device is dropped and told, one is asked for anew, and the true one is taken", async () => {
  const laptop = await arrived("alice");
  const who = await whoOf(laptop);
  const phone = world.make("alice", { deviceLabel: "phone", server: { host: "127.0.0.1", port: relay.port } });
  await world.until(() => phone.chat.standing.kind === "pending");
  const device = (await phone.store.load()).device ?? { id: new Uint8Array(), seed: new Uint8Array() };
  const { sealKey } = await phone.store.load();
  const fields = { ...who, label: "", deviceId: device.id, deviceLabel: "phone", node: "", notAfter: 0n };
  // Signed for the server's own key, and sealed to the phone's.
  const record = confirmDevice(fields, mallory.user.seed, mallory.key.publicKey);
  const sealed = withHpke((hpke) =>
    sealUserKey({ hpke, who, deviceId: device.id, record, sealKey: sealKey?.publicKey ?? record }, mallory.user.seed),
  );
  const wrong = { record: text(record), sealed: text(sealed), statement: null };
  let lies = 0;
  relay.toClient = (frame) => {
    if (frame["type"] !== "confirmed" || lies > 0) return frame;
    lies += 1;
    return { ...frame, confirmation: wrong };
  };
  expect(await laptop.chat.confirmDevice(codeOf(phone))).toMatchObject({ kind: "answered" });
  await world.until(() => troubleOf(phone) !== "");
  expect(troubleOf(phone)).toContain("isn't signed for this device");
  // It has asked anew, so its person is asked again.
  await world.until(() => laptop.chat.waitingDevices.length === 1);
  await world.until(async () => (await laptop.chat.confirmDevice(codeOf(phone))).kind === "answered");
  await world.until(() => phone.chat.standing.kind === "confirmed" && phone.chat.state.kind === "online");
  expect(await phone.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
});

test("AD-6 a world of its own that a server leads a new device into shows in the person's own number", async () => {
  const laptop = await arrived("alice");
  const who = await whoOf(laptop);
  const phone = world.make("alice", { deviceLabel: "phone", server: { host: "127.0.0.1", port: relay.port } });
  relay.toClient = (frame) => {
    const body = frame["body"];
    if (typeof body !== "object" || body === null || !("confirmation" in body)) return frame;
    return { ...frame, body: { confirmation: foreign } };
  };
  let foreign: Frame | null = null;
  await world.until(() => phone.chat.standing.kind === "pending");
  const { device, sealKey } = await phone.store.load();
  if (device === null || sealKey === null) throw new Error("it was to have keys");
  const deviceKey = signingKeyOf(device.seed).publicKey;
  const fields = { ...who, label: "", deviceId: device.id, deviceLabel: "phone", node: "", notAfter: 0n };
  const record = confirmDevice(fields, mallory.user.seed, deviceKey);
  const sealed = withHpke((hpke) =>
    sealUserKey({ hpke, who, deviceId: device.id, record, sealKey: sealKey.publicKey }, mallory.user.seed),
  );
  foreign = { record: text(record), sealed: text(sealed), statement: null };
  await phone.stop();
  phone.start();
  // The real server doesn't take it; one that lies in this, too, would.
  await world.until(() => phone.chat.state.kind === "ended");
  const [theirs, own] = [await phone.chat.ownNumber(), await laptop.chat.ownNumber()];
  expect([theirs.kind, own.kind]).toEqual(["answered", "answered"]);
  expect(theirs).not.toEqual(own);
});

test("AD-7 a server that says there is no user key makes no first device of one that has a token, or has met its person's key", async () => {
  const laptop = await arrived("alice");
  const invited = await laptop.chat.inviteDevice(60);
  const token = invited.kind === "answered" ? invited.value.token : "";
  await laptop.stop();
  const server = { host: "127.0.0.1", port: relay.port };
  const phone = world.make("alice", { deviceLabel: "phone", server, token });
  await world.until(() => phone.chat.standing.kind === "pending");
  await phone.stop();
  let asked: unknown = null;
  relay.toServer = (frame) => {
    if (frame["type"] === "ask-confirmation") asked = frame["id"];
    return frame;
  };
  relay.toClient = (frame) =>
    frame["id"] === asked && asked !== null && "body" in frame
      ? { id: asked, type: "refused", refusal: { reason: "no-user-key" } }
      : frame;
  phone.start();
  await world.until(() => troubleOf(phone).includes("no confirmed device"));
  expect(await phone.store.load()).toMatchObject({ userSeed: null, candidate: { hasWaited: true } });
  expect(troubleOf(phone)).toContain("pad devices reset");
});

test("AD-9 a device whose person has another key now, which nobody has passed on to it, is told that it is out, and begins anew", async () => {
  const laptop = await arrived("alice");
  const phone = world.make("alice", { deviceLabel: "phone", server: { host: "127.0.0.1", port: relay.port } });
  await world.until(() => phone.chat.standing.kind === "pending");
  expect(await laptop.chat.confirmDevice(codeOf(phone))).toMatchObject({ kind: "answered" });
  await world.until(() => phone.chat.standing.kind === "confirmed" && phone.chat.state.kind === "online");
  await phone.runtime.settled();
  await phone.stop();
  let asked: unknown = null;
  relay.toServer = (frame) => {
    if (frame["type"] === "hello") asked = frame["id"];
    return frame;
  };
  const refusal = { reason: "other-user-key", userKey: text(mallory.user.publicKey) };
  relay.toClient = (frame) =>
    frame["id"] === asked && asked !== null ? { id: asked, type: "refused", refusal } : frame;
  phone.start();
  await world.until(() => phone.chat.standing.kind === "removed");
  relay.toClient = (frame) => frame;
  expect(await phone.chat.newDevice()).toEqual({ kind: "taken" });
  await phone.stop();
  phone.start();
  await world.until(() => phone.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length === 1);
  expect(await laptop.chat.confirmDevice(codeOf(phone))).toMatchObject({ kind: "answered" });
  await world.until(() => phone.chat.standing.kind === "confirmed" && phone.chat.state.kind === "online");
});

async function arrived(name: string): Promise<ServedChat> {
  const [device] = await world.arrive(name);
  if (device === undefined) throw new Error("one was to come");
  return device;
}

/** The laptop is behind the liar. */
async function laptopAndPhone() {
  const laptop = world.make("alice", { server: { host: "127.0.0.1", port: relay.port } });
  await laptop.chat.online();
  const phone = world.make("alice", { deviceLabel: "phone" });
  await world.until(() => phone.chat.standing.kind === "pending" && laptop.chat.waitingDevices.length === 1);
  return { laptop, phone, who: await whoOf(laptop) };
}

async function whoOf({ runtime }: ServedChat): Promise<Who> {
  const self = await runtime.self();
  if (self === null) throw new Error("it was to be there");
  return { server: self.server, ...self.owner };
}

/** In answers that have a list of that name. */
function changed(list: string, change: (item: Frame) => Frame): LyingRelay["toClient"] {
  return (frame) => {
    const body = frame["body"];
    if (typeof body !== "object" || body === null || !(list in body)) return frame;
    // Frames are JSON objects with lists of objects (docs/frames.md).
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const items = (body as Record<string, readonly Frame[]>)[list] ?? [];
    return { ...frame, body: { ...body, [list]: items.map(change) } };
  };
}

function codeOf({ chat }: ServedChat): string {
  const { standing } = chat;
  if (standing.kind !== "pending") throw new Error(`it is ${standing.kind}`);
  return standing.code ?? "";
}

function troubleOf({ chat }: ServedChat): string {
  const { standing } = chat;
  return standing.kind === "pending" ? (standing.trouble ?? "") : "";
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString("base64url");
}

function bytes(value: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(String(value), "base64url"));
}

const NO_SUCH_DEVICE = { kind: "refused", error: { reason: "no-such-device" } };
