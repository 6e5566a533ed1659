import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { agentStatus } from "../../src/agent/face/control.ts";
import { attach } from "../../src/agent/face/index.ts";
import type { AttachOptions } from "../../src/agent/face/index.ts";
import { agentPlace } from "../../src/agent/wire/place.ts";
import type { ChatEvent, Conversation, SealedChat } from "../../src/client/index.ts";
import { endAgent, gone } from "./end-agent.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { runPadserve, scratchFolder, startPadserve } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";
import type { TestServer } from "../helpers/server.ts";

test("AG-20 a face's agent is a session of its own, with nothing of the face's terminal and little of its environment", async () => {
  await using server = await startTestServer();
  const person = someone();
  const face = await person.attach(server, { env: { ...person.env, SECRET: "not its business", NODE_OPTIONS: "" } });
  const pid = await person.pid();
  expect(processGroup(pid)).toEqual({ group: pid, session: pid });
  expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe("/dev/null");
  expect(readlinkSync(`/proc/${pid}/fd/2`)).toBe(person.place.log);
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
  expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("SECRET");
  expect(statSync(person.place.log).mode & 0o777).toBe(0o600);
  await face.close();
});

test("AG-10 an agent in the background ends by itself, and takes its socket along", async () => {
  await using server = await startTestServer();
  const person = someone({ PAD_AGENT_IDLE: "0" });
  const face = await person.attach(server);
  await face.online();
  const pid = await person.pid();
  await face.close();
  await gone(pid);
  expect(existsSync(person.place.socket)).toBe(false);
});

test("AG-4 commands that start at once start one agent between them, and each does what it was asked for once", async () => {
  await using server = await startTestServer();
  const person = someone();
  const face = await person.attach(server);
  await roomOf(face, "#everyone");
  await person.pad("agent", "stop");
  const sent = await Promise.all(
    Array.from(
      { length: 6 },
      async (_, i) =>
        await person.pad("send", "--server", `127.0.0.1:${server.port}`, "--as", "alice", "#everyone", `word ${i}`),
    ),
  );
  expect(sent.map(({ code, stderr }) => ({ code, stderr }))).toEqual(sent.map(() => ({ code: 0, stderr: "" })));
  expect(person.log().match(/listens on/g)).toHaveLength(2);
});

test("AG-8 killed again and again while messages are written, with the server there and away, an agent loses and doubles none", async () => {
  const data = join(scratchFolder(), "data");
  mkdirSync(data);
  let server = await startTestServer({ store: await openSqliteStore(data) });
  const config = { port: server.port };
  const person = someone();
  const face = await person.attach(server);
  await face.online();
  const everyone = await roomOf(face, "#everyone");
  const said: string[] = [];
  const outcomes: ReturnType<SealedChat["send"]>[] = [];
  for (const isAway of [false, true, false]) {
    if (isAway) await server.stop();
    if (isAway) await until(face, () => face.state.kind === "waiting");
    for (let i = 0; i < 5; i += 1) {
      const text = `message ${said.length}`;
      said.push(text);
      outcomes.push(face.send(everyone.id, text));
    }
    const before = await person.pid();
    process.kill(before, "SIGKILL");
    await gone(before);
    while ([0, before].includes(await person.pid())) await setImmediate();
    if (isAway) server = await startTestServer({ config, store: await openSqliteStore(data) });
    await until(face, () => face.state.kind === "online");
  }
  expect(new Set((await Promise.all(outcomes)).map(({ kind }) => kind))).toEqual(new Set(["taken"]));
  const page = await face.page(everyone.id, null, 100);
  const kept = page.kind === "answered" ? page.value.messages.filter(({ sealed }) => sealed?.body === "text") : [];
  expect(kept.map(({ text }) => text)).toEqual(said);
  await server.stop();
});

test("AG-27 the first command of all waits until its device is in #everyone; the next ones go where it went; without the server they say so", async () => {
  const server = await startTestServer();
  const person = someone();
  const first = await person.pad("send", "#everyone", "hello", "--server", `127.0.0.1:${server.port}`, "--as", "alice");
  expect(first).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  expect(person.log()).not.toContain("hello");
  const history = await person.pad("history", "#everyone");
  expect(history).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/\talice\thello\n$/) });
  expect(await person.pad("rooms")).toMatchObject({ code: 0, stdout: expect.stringContaining("#everyone") });
  expect(await person.pad("devices")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\*/) });
  await server.stop();
  const [rooms, offline] = await Promise.all([person.pad("rooms"), person.pad("history", "#everyone")]);
  expect(rooms).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("#everyone"),
    stderr: expect.stringMatching(/^pad rooms: .*127\.0\.0\.1/),
  });
  expect(offline).toMatchObject({ code: 0, stdout: history.stdout, stderr: expect.stringContaining("127.0.0.1") });
});

test("AG-31 a server that was set up anew at a known address is told nothing until pad agent forget", async () => {
  let server = await startTestServer();
  const config = { port: server.port };
  const address = `127.0.0.1:${server.port}`;
  const person = someone();
  const send = async (...words: string[]) => await person.pad("send", ...words, "--server", address, "--as", "alice");
  expect(await send("#everyone", "hello")).toMatchObject({ code: 0 });
  // No agent is there to find it out before the next command does.
  await person.pad("agent", "stop");
  await server.stop();
  server = await startTestServer({ config });
  await server.join("dave");
  const found = await send("dave", "secret");
  expect(found.code).toBe(11);
  expect(found.stderr).toContain("is another server than before");
  for (const target of ["#everyone", "dave"]) {
    expect(await send(target, "secret")).toEqual({
      code: 11,
      signal: null,
      stdout: "",
      stderr: `pad send: ${address} is another server than before. If it was set up anew on purpose: pad agent forget ${address}, then try again. If not, somebody else answers there.\n`,
    });
  }
  expect(await person.pad("agent", "stop")).toMatchObject({ code: 0 });
  expect(await send("dave", "secret")).toMatchObject({ code: 11 });
  expect(await person.pad("agent", "forget", address)).toMatchObject({ code: 0, stderr: "" });
  expect(await person.pad("agent", "forget", address)).toMatchObject({
    code: 0,
    stdout: `Nothing is known of ${address}.\n`,
  });
  expect(await send("#everyone", "hello again")).toMatchObject({ code: 0, stderr: "" });
  await server.stop();
});

test("AG-29 what one command had held, a window that comes later is told, and lets go", async () => {
  await using server = await startTestServer();
  const [alice, bob] = [someone(), someone()];
  const first = await alice.attach(server);
  await roomOf(first, "#everyone");
  expect(await alice.pad("send", "#everyone", "before bob")).toMatchObject({ code: 0 });
  const other = await bob.attach(server, { name: "bob" });
  await roomOf(other, "#everyone");
  await until(first, () => readersOf(first, "#everyone") === 2);
  await first.close();
  expect(await alice.pad("send", "#everyone", "unseen")).toMatchObject({ code: 10 });
  const late = await alice.attach(server);
  const events: ChatEvent[] = [];
  late.onEvent((event) => events.push(event));
  const everyone = await roomOf(late, "#everyone");
  const outcome = await late.send(everyone.id, "from the window");
  expect(outcome).toMatchObject({ kind: "held", hold: { kind: "new-readers", who: ["bob"] } });
  expect(events.flatMap((event) => (event.kind === "held" ? [event.hold] : []))).toContainEqual({
    kind: "new-readers",
    who: ["bob"],
  });
  const arrived: string[] = [];
  other.onEvent((event) => void (event.kind === "message" && arrived.push(event.message.text)));
  expect(await late.acceptReaders(everyone.id)).toEqual({ kind: "taken" });
  await until(other, () => arrived.includes("from the window"));
});

test("AG-25 a name that is somebody else's gives way to the next one that was suggested; one that was named doesn't", async () => {
  await using server = await startTestServer();
  const [alice, other] = [someone(), someone()];
  await (await alice.attach(server)).online();
  const face = await other.attach(server, { name: null, suggest });
  expect(await face.online()).toEqual({ kind: "online", operator: false });
  expect(face.me).toBe("alice-2");
  const named = await other.attach(server, { name: "alice" });
  // Whoever says the name of somebody who has a device asks to be one more of theirs.
  await until(named, () => named.standing.kind === "pending");
  // The one that it has is meant from now on.
  await face.close();
  expect((await other.attach(server, { name: null, suggest })).me).toBe("alice-2");
});

test("AG-21 SIGTERM ends an agent whole: it says goodbye, and lets go of socket, lock and stores", async () => {
  await using server = await startTestServer();
  const person = someone();
  const agent = startPadserve(["agent", "--stay"], { env: person.env });
  await agent.complains(/listens on/);
  const face = await person.attach(server);
  await face.online();
  expect(await person.status()).toMatchObject({ stays: true, faces: 1 });
  await face.close();
  agent.kill("SIGTERM");
  expect(await agent.exited).toMatchObject({ code: 0 });
  expect(existsSync(person.place.socket)).toBe(false);
  expect((await person.attach(server)).me).toBe("alice");
});

test("AG-9 a service takes over from the agent that a face had started, and the face goes on with it", async () => {
  await using server = await startTestServer();
  const person = someone();
  const face = await person.attach(server);
  await face.online();
  const first = await person.pid();
  const agent = startPadserve(["agent", "--stay"], { env: person.env });
  await agent.complains(/listens on/);
  await until(face, () => face.state.kind === "online");
  await gone(first);
  const status = await person.status();
  expect(status).toMatchObject({ pid: agent.pid, stays: true });
  await face.close();
  agent.kill("SIGTERM");
  await agent.exited;
});

test("AG-22 pad agent tells how it is, for people and programs, and ends it; its exit codes say which", async () => {
  await using server = await startTestServer();
  const person = someone();
  expect(await person.pad("agent")).toMatchObject({ code: 3, stdout: "No agent is running.\n" });
  expect(await person.pad("agent", "--json")).toMatchObject({ code: 3, stdout: '{"running":false}\n' });
  expect(await person.pad("agent", "stop")).toMatchObject({ code: 0 });
  expect(await person.pad("agent", "begin")).toMatchObject({ code: 1 });
  expect(await person.pad("agent", "stop", "--stay")).toMatchObject({ code: 1 });
  const face = await person.attach(server);
  await face.online();
  const told = await person.pad("agent");
  expect(told).toMatchObject({ code: 0, stderr: "" });
  expect(told.stdout).toMatch(
    /^Agent .*, process \d+, since .*Z, 1 face\nFolder .*\n127\.0\.0\.1:\d+ as alice: online, 1 face, 0 waiting\n$/,
  );
  const json: unknown = JSON.parse((await person.pad("agent", "--json")).stdout);
  expect(json).toMatchObject({ running: true, faces: 1, devices: [{ name: "alice", state: "online", waiting: 0 }] });
  const pid = await person.pid();
  expect(await person.pad("agent", "stop")).toMatchObject({ code: 0, stdout: `Stopped (process ${pid}).\n` });
  expect(await face.ended()).toMatchObject({ kind: "agent", why: "stopped" });
});

test("AG-32 an agent that is frozen is told of as one that doesn't answer, and killed by pad agent stop; its face goes on, and what was written is there once", async () => {
  await using server = await startTestServer();
  const person = someone();
  const face = await person.attach(server);
  const everyone = await roomOf(face, "#everyone");
  const pid = await person.pid();
  process.kill(pid, "SIGSTOP");
  const sent = face.send(everyone.id, "into the ice");
  await until(face, () => face.state.kind === "waiting");
  expect(face.state).toMatchObject({ loss: { kind: "agent", why: "silent" } });
  const stopped = await person.pad("agent", "stop");
  expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining(`Killed (process ${pid})`) });
  expect(await sent).toEqual({ kind: "taken" });
  expect(await person.pid()).not.toBe(pid);
  const page = await face.page(everyone.id, null, 10);
  if (page.kind !== "answered") throw new Error(page.kind);
  expect(page.value.messages.map(({ text }) => text).filter((text) => text === "into the ice")).toHaveLength(1);
});

test("AG-15 where nothing can be kept the command says why: no home, a file in the way, a folder of another's, another machine's", async () => {
  await using server = await startTestServer();
  const words = ["send", "--server", `127.0.0.1:${server.port}`, "--as", "alice", "#everyone", "x"];
  const inTheWay = someone();
  writeFileSync(join(inTheWay.home, ".local"), "a file");
  expect(await inTheWay.pad(...words)).toMatchObject({
    code: expect.toSatisfy((code) => code !== 0),
    stderr: expect.stringMatching(/can't be used|can't be made/),
  });
  const moved = someone();
  mkdirSync(moved.place.folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(moved.place.folder, "machine"), "another\n");
  expect((await moved.pad(...words)).stderr).toContain("was made on another machine");
  if (process.getuid?.() !== 0) return;
  const foreign = someone();
  mkdirSync(foreign.place.folder, { recursive: true, mode: 0o700 });
  chownSync(foreign.place.folder, 12_345, 12_345);
  const refused = await foreign.pad(...words);
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.stderr).toContain("belongs to another user");
  const open = someone();
  mkdirSync(open.place.folder, { recursive: true });
  chmodSync(open.place.folder, 0o777);
  expect((await open.pad(...words)).stderr).toContain("chmod 700");
});

interface Someone {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly place: ReturnType<typeof agentPlace>;
  attach(server: TestServer, options?: Partial<AttachOptions>): Promise<SealedChat>;
  pad(...words: readonly string[]): ReturnType<typeof runPadserve>;
  status(): Promise<unknown>;
  pid(): Promise<number>;
  log(): string;
}

/** A person of this machine with a home of their own; their agent ends with the test. */
function someone(more: Readonly<Record<string, string>> = {}): Someone {
  const home = scratchFolder();
  const state = join(home, ".local", "state", "padserve");
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, PAD_CLASSIC: "", PAD_AGENT_IDLE: "30", ...more };
  const place = agentPlace(state);
  const status = async () => {
    const asked = await agentStatus(state);
    return asked.kind === "answered" ? asked.value : null;
  };
  onTestFinished(async () => await endAgent(state));
  return {
    home,
    env,
    place,
    status,
    pad: async (...words) => await runPadserve(words, { env }),
    pid: async () => (await status())?.pid ?? 0,
    log: () => readFileSync(place.log, "utf8"),
    attach: async (server, options = {}) => {
      const attached = await attach({
        server: { host: "127.0.0.1", port: server.port },
        name: "alice",
        suggest: () => Promise.resolve(["alice"]),
        state,
        env,
        ...options,
      });
      if (attached.kind !== "attached") throw new Error(JSON.stringify(attached));
      onTestFinished(async () => await attached.chat.close());
      return attached.chat;
    },
  };
}

function suggest() {
  return Promise.resolve(["alice", "alice-2"] as const);
}

function processGroup(pid: number) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return { group: Number(fields[2]), session: Number(fields[3]) };
}

async function roomOf(chat: SealedChat, title: string): Promise<Conversation> {
  await until(chat, () => {
    const found = chat.named(title);
    return found?.kind === "sealed-room" && found.readers.length > 0;
  });
  const found = chat.named(title);
  if (found === null) throw new Error(`no ${title}`);
  return found;
}

function readersOf(chat: SealedChat, title: string): number {
  const found = chat.named(title);
  return found !== null && "readers" in found ? found.readers.length : 0;
}

async function until(chat: SealedChat, condition: () => boolean): Promise<void> {
  while (!condition()) {
    const { promise, resolve } = Promise.withResolvers<ChatEvent>();
    const stop = chat.onEvent(resolve);
    await promise;
    stop();
  }
}

test("AG-33 a headless device is its person's by the token in its environment, which its agent passes on to nobody; the next command finds it so", async () => {
  await using server = await startTestServer();
  const [laptop, nas] = [someone(), someone()];
  const first = await laptop.attach(server);
  await first.online();
  const invited = await first.inviteDevice(60);
  const token = invited.kind === "answered" ? invited.value.token : "";
  const face = await nas.attach(server, { env: { ...nas.env, PAD_DEVICE_TOKEN: token } });
  await until(face, () => face.standing.kind === "confirmed" && face.state.kind === "online");
  expect(await face.ownNumber()).toEqual(await first.ownNumber());
  expect(readFileSync(`/proc/${await nas.pid()}/environ`, "utf8")).not.toContain(token);
  expect(nas.log()).not.toContain(token);
  await face.close();
  const next = await nas.attach(server, { env: { ...nas.env, PAD_DEVICE_TOKEN_FILE: "/nonexistent" } });
  expect(next.standing).toEqual({ kind: "confirmed" });
});

test("AG-33 a device that waits is known to the agent's next start, and one that was removed begins anew at once", async () => {
  await using server = await startTestServer();
  const [laptop, phone] = [someone(), someone()];
  const first = await laptop.attach(server);
  await first.online();
  const face = await phone.attach(server);
  await until(face, () => face.standing.kind === "pending");
  const { standing } = face;
  await phone.pad("agent", "stop");
  const again = await phone.attach(server);
  expect(again.standing).toEqual(standing);
  expect(await first.confirmDevice(codeOf(again))).toMatchObject({ kind: "answered" });
  await until(again, () => again.standing.kind === "confirmed" && again.state.kind === "online");
  const devices = await first.devices();
  const ids = devices.kind === "answered" ? devices.value.flatMap(({ id, isThis }) => (isThis ? [] : [id])) : [];
  expect(await first.removeDevices(ids)).toMatchObject({ value: { kind: "removed" } });
  await until(again, () => again.standing.kind === "removed" && again.state.kind === "ended");
  expect(await again.newDevice()).toEqual({ kind: "taken" });
  // It asks though nobody looks at it.
  await until(first, () => first.state.kind === "online");
  const waiting = async () => {
    const listed = await first.devices();
    return listed.kind === "answered" ? listed.value.filter(({ status }) => status === "pending") : [];
  };
  while ((await waiting()).length === 0) await setImmediate();
  const last = await phone.attach(server);
  expect((await waiting()).map(({ code }) => code)).toEqual([codeOf(last)]);
});

function codeOf({ standing }: SealedChat): string {
  return standing.kind === "pending" ? (standing.code ?? "") : "";
}

test("AG-33 a removed device that has a token begins anew by it, in one go", async () => {
  await using server = await startTestServer();
  const [laptop, nas] = [someone(), someone()];
  const first = await laptop.attach(server);
  await first.online();
  const tokenOf = async () => {
    const invited = await first.inviteDevice(60);
    return invited.kind === "answered" ? invited.value.token : "";
  };
  const face = await nas.attach(server, { env: { ...nas.env, PAD_DEVICE_TOKEN: await tokenOf() } });
  await until(face, () => face.standing.kind === "confirmed" && face.state.kind === "online");
  const devices = await first.devices();
  const ids = devices.kind === "answered" ? devices.value.flatMap(({ id, isThis }) => (isThis ? [] : [id])) : [];
  expect(await first.removeDevices(ids)).toMatchObject({ value: { kind: "removed" } });
  await until(face, () => face.standing.kind === "removed" && face.state.kind === "ended");
  await face.close();
  const env = { ...nas.env, PAD_DEVICE_TOKEN: await tokenOf() };
  const removed = await nas.attach(server, { env });
  expect(await removed.newDevice()).toEqual({ kind: "taken" });
  await removed.close();
  const next = await nas.attach(server, { env });
  await until(next, () => next.standing.kind === "confirmed" && next.state.kind === "online");
  expect(await next.ownNumber()).toEqual(await first.ownNumber());
  await next.close();
  expect(await nas.pad("agent", "stop")).toMatchObject({ code: 0 });
});
