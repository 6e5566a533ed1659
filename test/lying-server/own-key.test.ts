import { afterEach, beforeEach, expect, test } from "vitest";
import { SYSTEM } from "../../src/agent/runtime/system.ts";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import { lyingScene, readersOf } from "./scene.ts";
import type { LyingScene } from "./scene.ts";
import { openWindow } from "./window.ts";

let scene: LyingScene;
beforeEach(async () => {
  scene = await lyingScene();
});
afterEach(async () => {
  await scene.end();
});

const MINUTE = 60_000;

test("LI-21 it says that the person has another user key: the device says so after a minute in which no group has announced it, and stays with its own", async () => {
  const [bob] = await scene.gather("bob");
  if (bob === undefined) throw new Error("bob was to come");
  const minutes: (() => void)[] = [];
  const system = {
    ...SYSTEM,
    wait: async (milliseconds: number) => {
      if (milliseconds < MINUTE) return await SYSTEM.wait(milliseconds);
      expect(milliseconds).toBe(MINUTE);
      const { promise, resolve } = Promise.withResolvers<void>();
      minutes.push(resolve);
      return await promise;
    },
  };
  const other = Buffer.from(newSigningKey().publicKey).toString("base64url");
  scene.lie({
    reply(victim, reply) {
      if (reply.type !== "hello" || victim.name !== "alice" || reply.body.device === null) return reply.body;
      return { ...reply.body, device: { ...reply.body.device, userKey: other } };
    },
  });
  const alice = scene.world.make("alice", { system, server: { host: "127.0.0.1", port: scene.liar.port } });
  await alice.chat.online();
  await scene.world.until(() => readersOf(alice) === "alice,bob" && readersOf(bob) === "alice,bob");
  await alice.runtime.settled();
  const { userSeed } = await alice.store.load();
  const atAlice = await openWindow(alice);
  await scene.world.until(() => minutes.length > 0);
  // Not before: the device that has made a new one may still be announcing it.
  const told = () => alice.events.filter((event) => event.kind === "word" && event.text.includes("another user key"));
  expect(told()).toEqual([]);
  for (const pass of minutes.splice(0)) pass();
  await scene.world.until(() => told().length > 0);
  await alice.look("#everyone");
  await bob.look("#everyone");
  await alice.send("#everyone", "still me");
  await scene.has(bob, "alice: still me");
  await atAlice.shows("LI-21 alice");
  expect((await alice.store.load()).userSeed).toEqual(userSeed);
});
