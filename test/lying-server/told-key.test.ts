import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sealUserKey } from "../../src/agent/device/confirmation.ts";
import { signingKeyOf } from "../../src/mls/identity/ed25519.ts";
import { rotateUserKey } from "../../src/mls/identity/succession.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import { answered } from "../agent/served-chats.ts";
import { ghostJoins } from "./ghost.ts";
import { holdsOf, lyingScene, membersOf, viewOf } from "./scene.ts";
import type { LyingScene } from "./scene.ts";
import { openWindow } from "./window.ts";

let scene: LyingScene;
beforeEach(async () => {
  scene = await lyingScene();
});
afterEach(async () => {
  await scene.end();
});

test("LI-23 it helps whoever has the present user key with a ghost, a told successor and a confirmation: the device stays with its own", async () => {
  const [alice, bob] = await scene.two();
  const nas = scene.world.make("alice", { deviceLabel: "nas", server: { host: "127.0.0.1", port: scene.liar.port } });
  await scene.world.until(() => nas.chat.standing.kind === "pending" && alice.chat.waitingDevices.length > 0);
  const { standing } = nas.chat;
  answered(await alice.chat.confirmDevice(standing.kind === "pending" ? (standing.code ?? "") : ""));
  await scene.world.until(async () => (await membersOf(bob)) === 3 && (await membersOf(nas)) === 3);
  const [self, laptop, { userSeed }] = [await nas.runtime.self(), await alice.runtime.self(), await nas.store.load()];
  if (self === null || laptop === null || userSeed === null) throw new Error("no device");

  // A successor that names both devices as staying, and as removed one that nobody has seen.
  const who: Who = { server: self.server, ...self.owner };
  const common = { ...who, label: "", deviceLabel: "nas", node: "", notAfter: 0n };
  const { userKey, records, statement } = rotateUserKey(
    who,
    signingKeyOf(userSeed),
    [self, laptop].map(({ device }) => ({
      fields: { ...common, deviceId: device.id },
      deviceKey: signingKeyOf(device.seed).publicKey,
    })),
    [Uint8Array.from(randomBytes(16))],
  );
  const [record] = records;
  if (record === undefined) throw new Error("no record");
  const to = { hpke: self.engine, who, deviceId: self.device.id, record, sealKey: self.sealKey.publicKey };
  const confirmation = { record, sealed: sealUserKey(to, userKey.seed), statement };
  const device = Buffer.from(self.device.id).toString("base64url");
  scene.lie({
    reply(victim, reply) {
      if (victim.device !== device) return reply.body;
      if (reply.type === "ask-confirmation") return { confirmation };
      return reply.type === "successions" ? { statements: [statement] } : reply.body;
    },
  });
  const view = await viewOf(nas);
  const group = Buffer.from(view?.row.id ?? []).toString("base64url");
  const info = scene.logs.infos.get(group);
  if (info === undefined || typeof view?.epoch !== "number") throw new Error("nas is in no group");
  const ghost = await ghostJoins(info, { who, epoch: view.epoch, userKey });
  for (const victim of scene.liar.victims) if (victim.device === device) scene.logs.insert(victim, group, ghost);

  await scene.world.until(async () => (await membersOf(nas)) === 4);
  await nas.look("#everyone");
  void nas.send("#everyone", "for the thief");
  await scene.world.until(() => holdsOf(nas).length > 0);
  await nas.runtime.settled();
  const { people } = self;
  const after = await nas.store.load();
  expect(after.userSeed).toEqual(userSeed);
  expect(after.device?.record).toEqual(self.device.record);
  const present = signingKeyOf(userSeed).publicKey;
  const ofLaptop = { deviceId: laptop.device.id, deviceKey: signingKeyOf(laptop.device.seed).publicKey };
  expect(people.blocks({ identity: who, userKey: present, ...ofLaptop })).toBeNull();
  expect(people.blocks({ identity: who, userKey: userKey.publicKey, ...ofLaptop })).toBe("changed-key");
});

test("LI-23 it helps whoever has somebody's present user key with a ghost and a told successor, while a device of theirs shows that key: the ghost's is a changed one", async () => {
  const [alice, bob] = await scene.two();
  const [laptop, { userSeed }] = [await alice.runtime.self(), await alice.store.load()];
  if (laptop === null || userSeed === null) throw new Error("no device");
  const who: Who = { server: laptop.server, ...laptop.owner };
  const fields = { ...who, label: "", deviceId: laptop.device.id, deviceLabel: "", node: "", notAfter: 0n };
  const deviceKey = signingKeyOf(laptop.device.seed).publicKey;
  const present = signingKeyOf(userSeed);
  // It names the laptop as staying, so that nothing would show.
  const { userKey, statement } = rotateUserKey(
    who,
    present,
    [{ fields, deviceKey }],
    [Uint8Array.from(randomBytes(16))],
  );
  let isAsked = false;
  scene.lie({
    reply(victim, reply) {
      if (victim.name !== "bob" || reply.type !== "successions") return reply.body;
      isAsked = true;
      return { statements: [statement] };
    },
  });
  const atBob = await openWindow(bob);
  await scene.ghost(bob, "alice", userKey);
  await scene.world.until(async () => (await membersOf(bob)) === 3);
  expect((await bob.send("#everyone", "only us?")).kind).toBe("held");
  await scene.world.until(() => isAsked && holdsOf(bob).length > 0);
  await bob.runtime.settled();
  const people = (await bob.runtime.self())?.people;
  const ofLaptop = { identity: who, deviceId: laptop.device.id, deviceKey };
  expect(people?.blocks({ ...ofLaptop, userKey: present.publicKey })).toBeNull();
  expect(people?.blocks({ ...ofLaptop, userKey: userKey.publicKey })).toBe("changed-key");
  expect(await alice.lines("#everyone")).not.toContain("bob: only us?");
  await atBob.shows("LI-23 bob");
});
