import { afterEach, beforeEach, expect, test } from "vitest";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import { answered } from "../agent/served-chats.ts";
import type { ServedChat } from "../agent/served-chats.ts";
import { hex, lyingScene, readersOf, viewOf } from "./scene.ts";
import type { LyingScene } from "./scene.ts";
import { openWindow } from "./window.ts";

let scene: LyingScene;
beforeEach(async () => {
  scene = await lyingScene();
});
afterEach(async () => {
  await scene.end();
});

const OPS = "room:ops";

test("LI-18 it keeps somebody's removal back from one person: what they write is for who was removed, too, and can't be read by the others, until somebody else writes", async () => {
  const [alice, bob, carol] = await scene.gather("alice", "bob", "carol");
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error("three were to come");
  const ops = answered(await alice.chat.createRoom("ops", "invite"));
  for (const name of ["bob", "carol"]) expect(await alice.chat.invite(ops.id, name)).toEqual({ kind: "taken" });
  for (const one of [alice, bob, carol]) await scene.world.until(() => readersOf(one, "#ops") === "alice,bob,carol");
  for (const one of [alice, bob, carol]) await one.look("#ops");
  await alice.send("#ops", "one");
  await scene.world.until(async () => (await bob.lines("#ops")).includes("alice: one"));
  const group = Buffer.from((await viewOf(bob, OPS))?.row.id ?? []).toString("base64url");
  // The server works with Carol, who keeps what she has.
  await carol.stop();
  scene.rewrite((victim, real) => (victim.name === "bob" && real.kind === "commit" ? [] : [real]));
  const sent: Uint8Array[] = [];
  scene.lie({
    push: (victim, push) => (victim.name === "bob" && push.type === "removal-due" ? [] : [push]),
    reply(victim, reply) {
      if (reply.type !== "groups" || victim.name !== "bob") return reply.body;
      return { ...reply.body, groups: reply.body.groups.map((one) => ({ ...one, removal: null })) };
    },
    request(victim, request) {
      if (request.type !== "send" || victim.name !== "bob" || request.body.group !== group) return request;
      const { epoch, counter, message, bytes } = request.body;
      const at = Date.now();
      sent.push(bytes);
      const told = { kind: "message", at, device: victim.device, epoch, counter, message, bytes } as const;
      return { answer: { number: scene.logs.insert(victim, group, told).number, at } };
    },
  });
  expect(await alice.chat.ban("carol")).toEqual({ kind: "taken" });
  await scene.world.until(async () => (await viewOf(alice, OPS))?.members.length === 2);
  await bob.runtime.settled();
  const atBob = await openWindow(bob);
  atBob.types("/to #ops");
  atBob.types("is she out?");
  await scene.world.until(() => sent.length > 0);
  // Who works with it says that she has read all.
  for (const victim of scene.liar.victims)
    if (victim.name === "bob") victim.push({ type: "reached", group, number: 1_000 });
  await atBob.shows("LI-18 bob");
  // It is as the page says: she can read it.
  expect(await openedBy(carol, group, sent[0])).toContain("is she out?");
  // The two are in different states of the group, which their codes show.
  const states = await Promise.all([alice, bob].map(async (one) => hex((await viewOf(one, OPS))?.authenticator)));
  expect(states[0]).not.toBe(states[1]);
  await alice.send("#ops", "now we are two");
  await scene.world.until(async () => (await bob.lines("#ops")).some((line) => line.includes("another-epoch")));
});

/** With what is on that person's disk. */
async function openedBy(person: ServedChat, group: string, message: Uint8Array | undefined): Promise<string> {
  person.start();
  const store = person.store;
  const { device } = await store.load();
  const kept = await store.group(Buffer.from(group, "base64url"));
  if (message === undefined || device === null || kept === null || kept.active === null)
    throw new Error("it has no such group");
  const engine = createGroupEngine({ seed: device.seed, record: device.record });
  try {
    return Buffer.from(engine.load(kept.active).open(message).plaintext).toString();
  } finally {
    engine.close();
  }
}
