import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { startTestServer } from "../helpers/server.ts";
import { soakDevice, type SoakDevice } from "./server-soak/soak-device.ts";
import { expectNoFailures } from "./no-failures.ts";

const YEAR = 365 * 86_400_000;
const ROOM = "room:ops";

test("SR-34 devices whose clocks are years wrong, and jump, meet, invite one another and lose nothing", async () => {
  await using server = await startTestServer({ config: { messageRate: 0 } });
  const failures: unknown[] = [];
  let [ahead, behind] = [3 * YEAR, -2 * YEAR];
  const make = (name: string, now: () => number): SoakDevice => {
    const device = soakDevice(name, server.port, (error) => failures.push(error), undefined, { now });
    onTestFinished(async () => await device.remove());
    return device;
  };
  const alice = make("alice", () => Date.now() + ahead);
  await until(async () => await isIn(alice, EVERYONE, 1));
  const bob = make("bob", () => Date.now() + behind);
  await until(async () => (await isIn(alice, EVERYONE, 2)) && (await isIn(bob, EVERYONE, 2)));
  await alice.runtime.createRoom("ops", "invite");
  await until(async () => (await alice.runtime.invite(ROOM, "bob")).kind === "done");
  await until(async () => (await isIn(alice, ROOM, 2)) && (await isIn(bob, ROOM, 2)));
  for (const [nth, one] of [alice, bob, alice, bob].entries()) {
    await say(one, `${nth}`);
    // In the middle of it, and back again.
    [ahead, behind] = [-ahead, -behind];
  }
  await bob.stop();
  bob.start();
  await until(async () => await isIn(bob, ROOM, 2));
  await say(bob, "4");
  const said = ["0", "1", "2", "3", "4"];
  for (const one of [alice, bob]) {
    await until(async () => (await messagesOf(one)).length === said.length);
    expect(await messagesOf(one)).toEqual(said);
  }
  expectNoFailures(failures);
});

async function say(device: SoakDevice, text: string): Promise<void> {
  const { runtime } = device;
  const shown = (await (await runtime.session(ROOM))?.look())?.people ?? [];
  expect(await runtime.write(ROOM, Buffer.from(text), shown)).not.toBeNull();
  await until(async () =>
    (await device.history(ROOM)).some(({ entry }) => entry.kind === "message" && entry.text === text),
  );
}

async function messagesOf(device: SoakDevice): Promise<readonly string[]> {
  return (await device.history(ROOM)).flatMap(({ entry }) => (entry.kind === "message" ? [entry.text ?? ""] : []));
}

async function isIn({ runtime }: SoakDevice, conversation: string, count: number): Promise<boolean> {
  const view = await (await runtime.session(conversation))?.look();
  return view?.row.status === "active" && view.members.length === count;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setImmediate();
}
