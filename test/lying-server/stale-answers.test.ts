/** What a server that lies hands out, or shows, is old: group infos, key packages, a log. */
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RequestBody } from "../../src/wire/frames/requests.ts";
import { answered } from "../agent/served-chats.ts";
import type { ServedChat } from "../agent/served-chats.ts";
import { lyingScene, readersOf, viewOf } from "./scene.ts";
import type { LyingScene } from "./scene.ts";
import { openWindow } from "./window.ts";

let scene: LyingScene;
beforeEach(async () => {
  scene = await lyingScene();
});
afterEach(async () => {
  await scene.end();
});

test("LI-16 it hands out an old group info: who comes by it isn't in, and what they write waits until the server tells the truth", async () => {
  const [alice, bob] = await scene.two();
  const group = await groupOf(alice);
  const old = { epoch: (await viewOf(alice))?.epoch ?? 0, groupInfo: scene.logs.infos.get(group) };
  expect((await (await alice.runtime.session("everyone"))?.commit({ kind: "update" }))?.kind).toBe("done");
  await bob.runtime.settled();
  let given = 0;
  let isTaken = false;
  scene.lie({
    reply(_, reply, request) {
      if (request.type === "commit" && request.body.epoch === old.epoch) isTaken = true;
      if (request.type !== "read-group-info" || request.body.group !== group) return reply.body;
      given += 1;
      return { ...reply.body, ...old };
    },
  });
  const carol = scene.arrive("carol");
  await carol.chat.online();
  await scene.world.until(() => given > 2);
  const atCarol = await openWindow(carol, { isIn: false });
  atCarol.types("is anybody here?");
  await atCarol.shows("LI-16 carol");
  expect(isTaken).toBe(false);
  // With the truth she comes in.
  scene.lie({});
  await scene.world.until(async () => (await alice.lines("#everyone")).includes("carol: is anybody here?"));
});

test("LI-17 it hands out a used key package, and says that all is well: who was invited sees no room, and who invited sees that nothing is delivered", async () => {
  const [alice, bob, carol] = await scene.gather("alice", "bob", "carol");
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error("three were to come");
  let used: object | null = null;
  let adding: RequestBody<"commit"> | null = null;
  let games = "";
  let end = 0;
  let welcomes = 0;
  scene.lie({
    request(victim, request) {
      if (games === "" || !("group" in request.body) || request.body.group !== games) return request;
      const at = Date.now();
      if (request.type === "commit") {
        const { group, epoch, commit: bytes } = request.body;
        adding = request.body;
        end += 1;
        scene.logs.insert(victim, group, { kind: "commit", at, device: victim.device, epoch, bytes });
        return { answer: { number: end, at } };
      }
      if (request.type === "send") {
        const { group, epoch, counter, message, bytes } = request.body;
        end += 1;
        const { device } = victim;
        scene.logs.insert(victim, group, { kind: "message", at, device, epoch, counter, message, bytes });
        return { answer: { number: end, at } };
      }
      if (request.type === "read-welcome" && adding?.welcome !== undefined) {
        welcomes += 1;
        return { answer: { welcome: adding.welcome, entry: 1, hash: Buffer.alloc(32).toString("base64url") } };
      }
      return request;
    },
    reply(victim, reply) {
      if (reply.type !== "take-packages") return reply.body;
      used ??= reply.body;
      return victim.name === "carol" ? used : reply.body;
    },
  });
  const ops = answered(await alice.chat.createRoom("ops", "invite"));
  await alice.chat.invite(ops.id, "bob");
  await scene.world.until(() => readersOf(bob, "#ops") === "alice,bob");
  const [atBob, atCarol] = [await openWindow(bob), await openWindow(carol)];
  const room = answered(await carol.chat.createRoom("games", "invite"));
  const before = await viewOf(carol, "room:games");
  games = await groupOf(carol, "room:games");
  end = before?.row.cursor ?? 0;
  expect(await carol.chat.invite(room.id, "bob")).toEqual({ kind: "taken" });
  const place = { kind: "room", name: "games" } as const;
  const view = { group: games, place, access: "invite", epoch: 1, head: end, hash: null, members: 2 } as const;
  const told = { ...view, cursor: end, reached: null, removal: null, ended: false, written: 0, welcome: true };
  for (const victim of scene.liar.victims) if (victim.name === "bob") victim.push({ type: "group", group: told });
  await scene.world.until(() => welcomes > 0);
  atCarol.types("/to #games");
  atCarol.types("are you there?");
  await atCarol.shows("LI-17 carol");
  await atBob.shows("LI-17 bob");
});

test("LI-19 it claims a restore, and shows everybody a log from before: all that was said is there again, in a new group", async () => {
  const [alice, bob] = await scene.two();
  await alice.send("#everyone", "one");
  await scene.has(bob, "alice: one");
  const backup = await scene.world.backUp();
  await bob.send("#everyone", "two");
  await scene.has(alice, "bob: two");
  const atAlice = await openWindow(alice, { rows: 11 });
  const group = await groupOf(alice);
  // Alice makes the new group, and adds him.
  await bob.stop();
  await scene.world.stopServer();
  scene.world.restore(backup);
  scene.liar.tell({});
  await scene.world.startServer();
  await scene.world.until(async () => (await groupOf(alice)) !== group && (await viewOf(alice))?.members.length === 2);
  bob.start();
  await scene.world.until(async () => {
    const groups = await Promise.all([alice, bob].map(async (one) => await groupOf(one)));
    return new Set(groups).size === 1 && groups[0] !== group && groups[0] !== "";
  });
  expect((await bob.send("#everyone", "three")).kind).toBe("taken");
  await scene.has(alice, "bob: three");
  for (const person of [alice, bob]) {
    const lines = await person.lines("#everyone");
    expect(lines.filter((line) => /^(alice|bob): /.test(line))).toEqual(["alice: one", "bob: two", "bob: three"]);
  }
  await atAlice.shows("LI-19 alice");
});

test("LI-20 it shows one person alone a log from before, and claims a restore: there the conversation stops, which the screen says, and nothing is sent; the others go on", async () => {
  const [alice, bob] = await scene.two();
  await alice.send("#everyone", "one");
  await scene.has(bob, "alice: one");
  const row = (await viewOf(bob))?.row;
  const old = { head: row?.cursor ?? 0, hash: Buffer.from(row?.hash ?? []).toString("base64url") };
  await alice.send("#everyone", "two");
  await scene.has(bob, "alice: two");
  const atBob = await openWindow(bob, { rows: 12 });
  const incarnation = randomBytes(16).toString("base64url");
  scene.liar.tell({
    hello: (hello) => ({ ...hello, server: { ...hello.server, incarnation } }),
    reply(victim, reply) {
      if (victim.name !== "bob") return reply.body;
      if (reply.type === "groups")
        return { ...reply.body, groups: reply.body.groups.map((one) => ({ ...one, ...old })) };
      if (reply.type !== "read") return reply.body;
      return { ...reply.body, ...old, entries: reply.body.entries.filter(({ number }) => number <= old.head) };
    },
    push: (victim, push) => (victim.name === "bob" && push.type === "entry" ? [] : [push]),
  });
  for (const victim of scene.liar.victims) if (victim.name === "bob") victim.cut();
  await scene.world.until(async () => (await viewOf(bob))?.row.status === "stopped");
  await alice.send("#everyone", "three");
  await atBob.shows("LI-20 bob");
  void bob.send("#everyone", "hello?");
  await bob.runtime.settled();
  expect((await viewOf(bob))?.row.status).toBe("stopped");
  expect(await alice.lines("#everyone")).toContain("alice: three");
  expect((await viewOf(alice))?.row.status).toBe("active");
  expect(await alice.lines("#everyone")).not.toContain("bob: hello?");
});

async function groupOf(person: ServedChat, conversation = "everyone"): Promise<string> {
  return Buffer.from((await viewOf(person, conversation))?.row.id ?? []).toString("base64url");
}
