/**
 * A member that lies: the commit is right in all that a server can check (signature, tree, who may), and wrong in what only members can. Here it is
 * the membership tag (RFC 9420, 6.2), an HMAC under a key of the epoch, at the end of the message.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { answered } from "../agent/served-chats.ts";
import { lyingScene, viewOf } from "./scene.ts";
import type { LyingScene } from "./scene.ts";
import { openWindow } from "./window.ts";

let scene: LyingScene;
beforeEach(async () => {
  scene = await lyingScene();
});
afterEach(async () => {
  await scene.end();
});

test("LI-22 a member commits what a real server takes and nobody else can process: the conversation stops, which the screen says, and goes on when a second person has seen it", async () => {
  const [alice, bob, mallory] = await scene.gather("alice", "bob", "mallory");
  if (alice === undefined || bob === undefined || mallory === undefined) throw new Error("three were to come");
  await alice.send("#everyone", "one");
  await scene.has(bob, "alice: one");
  const before = hexOf(await viewOf(alice));
  await bob.stop();
  const atAlice = await openWindow(alice);
  spoilCommits();
  expect((await (await mallory.runtime.session("everyone"))?.commit({ kind: "update" }))?.kind).toBe("done");
  await scene.world.until(async () => (await viewOf(alice))?.row.stopped === "invalid-commit");
  atAlice.types("still there?");
  await atAlice.shows("LI-22 alice");
  bob.start();
  await scene.world.until(async () => {
    const groups = [hexOf(await viewOf(alice)), hexOf(await viewOf(bob))];
    return groups[0] !== before && groups[0] === groups[1];
  });
  await scene.has(bob, "alice: still there?");
  await scene.has(alice, CONTINUED);
});

test("LI-22 in a direct conversation the one who can't process it is enough", async () => {
  const [alice, mallory] = await scene.gather("alice", "mallory");
  if (alice === undefined || mallory === undefined) throw new Error("two were to come");
  const pair = "direct:name:mallory";
  answered(await alice.chat.direct("mallory"));
  await scene.world.until(() => mallory.chat.named("alice") !== null);
  await alice.send("mallory", "one");
  const before = hexOf(await viewOf(alice, pair));
  spoilCommits();
  await (await mallory.runtime.session("direct:name:alice"))?.commit({ kind: "update" });
  await scene.world.until(async () => {
    const view = await viewOf(alice, pair);
    return hexOf(view) !== before && view?.row.status === "active";
  });
  expect(await alice.lines("mallory")).toContain(CONTINUED);
});

const CONTINUED =
  "(: the conversation goes on in a new group from here, since the old one can't: what others said there last may be missing, unless they send it again)";

/** Mallory's client makes them so, and believes in them itself. */
function spoilCommits(): void {
  const spoiled = new Map<string, Uint8Array>();
  scene.rewrite((victim, real) => {
    const own = real.kind === "commit" && victim.name === "mallory" ? spoiled.get(textOf(real.bytes)) : undefined;
    return own === undefined || real.kind !== "commit" ? [real] : [{ ...real, bytes: own }];
  });
  scene.lie({
    request(victim, request) {
      if (victim.name !== "mallory" || request.type !== "commit") return request;
      const { commit } = request.body;
      const wrong = Uint8Array.from(commit);
      wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
      spoiled.set(textOf(wrong), commit);
      return { ...request, body: { ...request.body, commit: wrong } };
    },
  });
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function hexOf(view: Awaited<ReturnType<typeof viewOf>>): string {
  return Buffer.from(view?.row.id ?? []).toString("hex");
}
