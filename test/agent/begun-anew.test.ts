/** A direct conversation with somebody who has begun anew: their name was released, and their new device has a key of its own. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask } from "../../src/admin/ask.ts";
import { ReleaseResultSchema } from "../../src/admin/records.ts";
import { SYSTEM } from "../../src/agent/runtime/system.ts";
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

/** Waits for nobody long. */
const IMPATIENT = {
  ...SYSTEM,
  wait: async (milliseconds: number) => await SYSTEM.wait(Math.min(milliseconds, 50)),
};
const HOLD = { kind: "changed-key", who: ["eve"] };

test("CA-19 what is written to somebody who has begun anew is held for their key; a yes in that conversation takes it, brings them in, and sends it", async () => {
  const { bob, eve } = await begunAnew();
  const written = bob.send("eve", "is it you?");
  expect(await written).toEqual({ kind: "held", hold: HOLD });
  expect(await bob.chat.direct("eve")).toEqual({ kind: "held", hold: HOLD });
  expect(eve.chat.named("bob")).toBeNull();
  expect(bob.conversation("eve")).toMatchObject({ readers: ["bob"] });
  expect(await bob.chat.acceptReaders(bob.conversation("eve").id)).toEqual({ kind: "taken" });
  await world.until(async () => eve.chat.named("bob") !== null && (await eve.lines("bob")).includes("bob: is it you?"));
  await eve.look("bob");
  expect(await eve.send("bob", "it is")).toEqual({ kind: "taken" });
  await world.until(async () => (await bob.lines("eve")).includes("eve: it is"));
  expect(answered(await bob.chat.safetyNumber("eve"))).toMatchObject({ level: "unverified", isChanged: false });
});

test("CA-19 whoever opens it is told so before anything is written; a yes is over the key that was shown, and another one since then is asked anew", async () => {
  const { bob, eve } = await begunAnew();
  expect(await bob.chat.direct("eve")).toEqual({ kind: "held", hold: HOLD });
  expect(bob.events.findLast(({ kind }) => kind === "held")).toMatchObject({ hold: HOLD });
  await eve.stop();
  await release("eve");
  const third = world.make("eve");
  await world.until(() => third.chat.standing.kind === "confirmed");
  await third.runtime.settled();
  // What bob was shown is the key before: his yes is over that one.
  await bob.chat.acceptReaders(bob.conversation("eve").id);
  expect(await bob.send("eve", "is it you?")).toEqual({ kind: "held", hold: HOLD });
  expect(third.chat.named("bob")).toBeNull();
  expect(await bob.chat.acceptReaders(bob.conversation("eve").id)).toEqual({ kind: "taken" });
  await world.until(
    async () => third.chat.named("bob") !== null && (await third.lines("bob")).includes("bob: is it you?"),
  );
});

test("VN-7 of somebody who has begun anew, and is in no conversation yet, the number of the key that the server lists is shown, as a changed one; comparing it brings them in", async () => {
  const { bob, eve, before } = await begunAnew();
  const shown = answered(await bob.chat.safetyNumber("eve"));
  expect(shown).toMatchObject({ level: "unverified", isChanged: true });
  expect(shown.number).not.toBe(before);
  void bob.send("eve", "is it you?");
  await world.until(() => bob.events.some((event) => event.kind === "held" && event.hold !== null));
  expect(await bob.chat.confirmNumber("eve", before)).toMatchObject({ error: { reason: "other-number" } });
  expect(await bob.chat.confirmNumber("eve", shown.number)).toEqual({ kind: "taken" });
  await world.until(async () => eve.chat.named("bob") !== null && (await eve.lines("bob")).includes("bob: is it you?"));
  const [bobs, eves] = [await bob.chat.safetyNumber("eve"), await eve.chat.safetyNumber("bob")].map(answered);
  expect(bobs).toMatchObject({ level: "compared", isChanged: false, number: shown.number });
  expect(eves).toMatchObject({ number: shown.number });
});

test("CA-19 who has begun anew is told that a device of the other one has to let them in", async () => {
  const { eve } = await begunAnew({ system: IMPATIENT });
  const refused = await eve.chat.direct("bob");
  expect(refused).toMatchObject({ kind: "refused", error: { reason: "own-device" } });
  expect(JSON.stringify(refused)).toContain("has to let this one in");
});

async function begunAnew(
  options: Parameters<ChatWorld["make"]>[1] = {},
): Promise<{ bob: ServedChat; eve: ServedChat; before: string }> {
  const [bob, lost] = await world.arrive("bob", "eve");
  if (bob === undefined || lost === undefined) throw new Error("two were to come");
  answered(await bob.chat.direct("eve"));
  expect(await bob.chat.send(bob.conversation("eve").id, "one", { acceptMembers: true })).toEqual({ kind: "taken" });
  await world.until(async () => lost.chat.named("bob") !== null && (await lost.lines("bob")).includes("bob: one"));
  const before = answered(await bob.chat.safetyNumber("eve")).number;
  await lost.stop();
  await release("eve");
  await world.until(() => readersOf(bob, "eve") === 1 && readersOf(bob, "#everyone") === 1);
  const eve = world.make("eve", options);
  await world.until(() => eve.chat.standing.kind === "confirmed");
  await eve.runtime.settled();
  return { bob, eve, before };
}

function readersOf({ chat }: ServedChat, words: string): number {
  const talk = chat.named(words);
  return talk !== null && "readers" in talk ? talk.readers.length : 0;
}

async function release(name: string): Promise<void> {
  const running = { port: world.port(), token: "token", pid: process.pid };
  const path = `/admin/names/${name}`;
  expect(await ask(running, "DELETE", path, ReleaseResultSchema)).toEqual({ kind: "released" });
}
