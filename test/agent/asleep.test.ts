import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { attach } from "../../src/agent/face/index.ts";
import { agentPlace } from "../../src/agent/wire/place.ts";
import type { ConversationId, Reply, SealedChat } from "../../src/client/index.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";
import { endAgent } from "./end-agent.ts";

test("AG-64 two devices of a person that slept over what others and a third one of theirs did, and wake at the same time, have all of it, under one key, and write at once", async () => {
  await using server = await startTestServer({ config: { messageRate: 0 } });
  const [laptop, bob, carol] = [await personAt("alice"), await personAt("bob"), await personAt("carol")];
  await until(laptop, () => ["bob", "carol"].every((name) => readersOf(laptop, "#everyone").includes(name)));
  answered(await laptop.chat.createRoom("ops", "invite"));
  for (const name of ["bob", "carol"]) expect(await laptop.chat.invite(idOf(laptop), name)).toEqual({ kind: "taken" });
  const [phone, desk, tablet] = [await another("phone"), await another("desk"), await another("tablet")];
  const all = [laptop, phone, desk, bob];
  for (const one of [...all, carol]) await until(one, () => readersOf(one, "#ops").length === 3);
  const said = ["before"];
  expect(await say(bob, "before")).toEqual({ kind: "taken" });
  for (const one of all) await has(one, said);
  const asleep = [laptop, phone];
  for (const one of asleep) signal(one, "SIGSTOP");
  expect(await desk.chat.removeDevices([tablet.device])).toMatchObject({ value: { kind: "removed" } });
  expect(await carol.chat.leave(idOf(carol))).toEqual({ kind: "taken" });
  for (let nth = 1; nth <= 30; nth += 1) {
    said.push(`meanwhile ${nth}`);
    expect(await say(nth % 2 === 0 ? bob : desk, `meanwhile ${nth}`)).toEqual({ kind: "taken" });
  }
  for (const one of asleep) signal(one, "SIGCONT");
  const both = await Promise.all(asleep.map(async (one, nth) => await say(one, `awake ${nth}`)));
  expect(both).toEqual([{ kind: "taken" }, { kind: "taken" }]);
  for (const one of all) {
    await until(one, async () => (await texts(one)).length === said.length + 2);
    expect((await texts(one)).slice(0, said.length)).toEqual(said);
    expect((await texts(one)).slice(said.length).toSorted()).toEqual(["awake 0", "awake 1"]);
    await until(one, () => readersOf(one, "#ops").length === 2);
  }
  const numbers = await Promise.all([laptop, phone, desk].map(async ({ chat }) => answered(await chat.ownNumber())));
  expect(new Set(numbers).size).toBe(1);

  async function personAt(name: string): Promise<At> {
    const state = join(scratchFolder(), "state");
    mkdirSync(state);
    onTestFinished(async () => await endAgent(state));
    const attached = await attach({
      server: { host: "127.0.0.1", port: server.port },
      name,
      suggest: () => Promise.resolve([name]),
      state,
      env: { PATH: process.env["PATH"], HOME: state, PAD_AGENT_IDLE: "10" },
    });
    if (attached.kind !== "attached") throw new Error(JSON.stringify(attached));
    const at = { chat: attached.chat, state, device: "" };
    onTestFinished(() => signal(at, "SIGCONT"));
    return at;
  }

  /** Of alice's, confirmed by her laptop and in the room. */
  async function another(label: string): Promise<At> {
    const before = new Set(answered(await laptop.chat.devices()).map(({ id }) => id));
    const at = await personAt("alice");
    await until(at, () => at.chat.standing.kind === "pending");
    const { standing } = at.chat;
    const code = standing.kind === "pending" ? (standing.code ?? "") : "";
    await until(laptop, async () => (await laptop.chat.confirmDevice(code)).kind === "answered");
    await until(at, () => at.chat.named("#ops") !== null);
    const device = answered(await laptop.chat.devices()).find(({ id }) => !before.has(id))?.id;
    if (device === undefined) throw new Error(`no ${label}`);
    return { ...at, device };
  }
});

interface At {
  readonly chat: SealedChat;
  readonly state: string;
  /** Its id, of alice's other devices. */
  readonly device: string;
}

/** What a sleeping laptop's process sees of its sleep, or of its end. */
function signal({ state }: At, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(Number(readFileSync(agentPlace(state).pid, "utf8")), name);
  } catch {
    // It has ended.
  }
}

async function say(at: At, text: string) {
  await at.chat.acceptReaders(idOf(at));
  return await at.chat.send(idOf(at), text);
}

function idOf({ chat }: At): ConversationId {
  const room = chat.named("#ops");
  if (room === null) throw new Error("no #ops");
  return room.id;
}

function readersOf({ chat }: At, words: string): readonly string[] {
  const room = chat.named(words);
  return room?.kind === "sealed-room" ? room.readers : [];
}

async function has(at: At, said: readonly string[]): Promise<void> {
  await until(at, async () => JSON.stringify(await texts(at)) === JSON.stringify(said));
}

async function texts(at: At): Promise<readonly string[]> {
  const { messages } = answered(await at.chat.page(idOf(at), null, 100));
  return messages
    .filter(({ sealed }) => sealed?.body !== "members" && sealed?.body !== "brought-in")
    .map(({ text }) => text);
}

/** Until the condition holds; looked at whenever that face is told something. */
async function until({ chat }: Pick<At, "chat">, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const stop = chat.onEvent(resolve);
    if (await condition()) return stop();
    await promise;
    stop();
  }
}

function answered<T>(reply: Reply<T>): T {
  if (reply.kind !== "answered") throw new Error(JSON.stringify(reply));
  return reply.value;
}
