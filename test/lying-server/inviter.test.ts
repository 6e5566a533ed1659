import { afterEach, beforeEach, expect, test } from "vitest";
import { answered } from "../agent/served-chats.ts";
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

test("LI-26 it names another member as the one who has brought somebody in: the line names who has", async () => {
  const [alice, bob, mallory] = await scene.gather("alice", "bob", "mallory");
  if (alice === undefined || bob === undefined || mallory === undefined) throw new Error("three were to come");
  const ops = answered(await alice.chat.createRoom("ops", "invite"));
  expect(await alice.chat.invite(ops.id, "mallory")).toEqual({ kind: "taken" });
  await scene.world.until(() => readersOf(mallory, "#ops") === "alice,mallory");
  const device = Buffer.from((await alice.runtime.self())?.device.id ?? []).toString("base64url");
  scene.lie({
    reply: (victim, { type, body }) =>
      victim.name === "bob" && type === "read"
        ? { ...body, entries: body.entries.map((entry) => (entry.kind === "commit" ? { ...entry, device } : entry)) }
        : body,
  });
  const atBob = await openWindow(bob);
  expect(await mallory.chat.invite(mallory.conversation("#ops").id, "bob")).toEqual({ kind: "taken" });
  await scene.world.until(() => readersOf(bob, "#ops") === "alice,bob,mallory");
  await scene.world.until(async () => (await bob.lines("#ops")).length > 0);
  expect((await bob.lines("#ops"))[0]).toMatch(/mallory.*has brought you in/);
  await atBob.shows("LI-26 bob");
});
