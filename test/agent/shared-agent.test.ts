/** An agent that several users share: in this process, and with real processes of other users where the tests may start such. */
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findShared } from "../../src/agent/face/find-shared.ts";
import { agentStatus } from "../../src/agent/face/control.ts";
import { notShareable, notTrustworthy } from "../../src/agent/wire/shared-place.ts";
import type { ChatEvent, SealedChat } from "../../src/client/index.ts";
import { runPadserve, scratchFolder, startPadserve } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";
import { FakeAgents } from "./fake-agent.ts";

const isRoot = process.getuid?.() === 0;
/** Nobody on this machine has these numbers. */
const [AGENT, BACKUP, STRANGER, GROUP] = [61_001, 61_002, 61_003, 61_100];

function place(mode = 0o750): string {
  const folder = join(scratchFolder(), "run");
  mkdirSync(folder);
  chmodSync(folder, mode);
  return join(folder, "agent.sock");
}

test("SY-1 a socket is shared in a folder that a group may enter and nobody else, with the folder's group", async () => {
  for (const mode of [0o750, 0o710]) {
    await using agents = new FakeAgents();
    const socket = place(mode);
    if (isRoot) chownSync(dirname(socket), 0, GROUP);
    expect(await agents.start({ shared: socket })).toMatchObject({ kind: "running" });
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect(statSync(socket).gid).toBe(statSync(dirname(socket)).gid);
    expect(statSync(agents.place.socket).mode & 0o777).toBe(0o600);
    await agents.end();
    expect(existsSync(socket)).toBe(false);
  }
});

test.each([0o700, 0o770, 0o755, 0o751, 0o777, 0o1777])(
  "SY-1 a folder of the mode %o is not shared, and it is said what to do",
  async (mode) => {
    await using agents = new FakeAgents();
    const socket = place(mode);
    const started = await agents.start({ shared: socket });
    expect(started).toMatchObject({ kind: "failed", text: expect.stringContaining("install -d") });
    expect(existsSync(socket)).toBe(false);
    // The folder's mended, and nothing of the first try stands in the way.
    chmodSync(dirname(socket), 0o750);
    expect(await agents.start({ shared: socket })).toMatchObject({ kind: "running" });
  },
);

test("SY-1 a folder that isn't there, is none, is another's or has too long a path is refused", () => {
  const socket = place();
  writeFileSync(join(dirname(socket), "file"), "");
  symlinkSync(dirname(socket), join(dirname(socket), "link"));
  for (const wrong of [
    "agent.sock",
    "/nowhere/agent.sock",
    join(dirname(socket), "file/agent.sock"),
    join(dirname(socket), "link/agent.sock"),
    `/${"x".repeat(120)}/agent.sock`,
  ]) {
    expect(notShareable(wrong)).toMatch(/\S/);
  }
  expect(notShareable(socket, 4711)).toContain("belongs to another user");
  expect(notShareable(socket)).toBeNull();
});

test("SY-1 what a former agent left is replaced; where another one answers, none is shared", async () => {
  await using agents = new FakeAgents();
  await using others = new FakeAgents();
  const socket = place();
  agents.know("alice");
  writeFileSync(socket, "left over");
  expect(await agents.start({ shared: socket })).toMatchObject({ kind: "running" });
  expect(await others.start({ shared: socket })).toMatchObject({
    kind: "failed",
    text: expect.stringContaining("Another agent"),
  });
  expect((await agents.attach({ shared: socket, start: false })).kind).toBe("attached");
});

test("SY-2 without an agent there a face starts none, and says whose it is to start", async () => {
  await using agents = new FakeAgents();
  const socket = place();
  const attached = await agents.attach({ shared: socket });
  expect(attached).toMatchObject({
    kind: "failed",
    why: "not-started",
    text: expect.stringContaining("systemctl start"),
  });
  expect(agents.starts).toBe(0);
});

test.runIf(isRoot)(
  "SY-2 only a socket is asked that nobody but root, its folder's owner and oneself can have put there",
  async () => {
    const socket = place();
    const folder = dirname(socket);
    chmodSync(dirname(folder), 0o711);
    chownSync(folder, AGENT, GROUP);
    const server = createServer().listen(socket);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    expect(notTrustworthy(socket, BACKUP)).toBeNull();
    chownSync(socket, STRANGER, GROUP);
    expect(notTrustworthy(socket, BACKUP)).toContain("is not the socket of whom");
    chownSync(socket, AGENT, GROUP);
    expect(notTrustworthy(socket, BACKUP)).toBeNull();
    for (const mode of [0o770, 0o757, 0o777]) {
      chmodSync(folder, mode);
      expect(notTrustworthy(socket, BACKUP)).toContain("can be written by others");
    }
    chmodSync(folder, 0o750);
    // Whoever can write the folder above could put another in its place; in one like /tmp anybody could have made it.
    chmodSync(dirname(folder), 0o777);
    expect(notTrustworthy(socket, BACKUP)).toContain("above");
    chmodSync(dirname(folder), 0o1777);
    expect(notTrustworthy(socket, BACKUP)).toContain("where anybody can");
    expect(notTrustworthy(socket, AGENT)).toBeNull();
    chownSync(dirname(folder), STRANGER, 0);
    chmodSync(dirname(folder), 0o755);
    expect(notTrustworthy(socket, BACKUP)).toContain("above");
    expect(notTrustworthy("run/agent.sock", BACKUP)).toContain("whole path");
  },
);

test("SY-4 a face of the shared socket reads and writes; what decides on trust, devices, servers, bans and the agent's end it is refused", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  agents.world.join("bob");
  const socket = place();
  await agents.start({ shared: socket });
  const face = await agents.face({ shared: socket, start: false });
  const everyone = face.named("#everyone")?.id;
  if (everyone === undefined) throw new Error("no room");
  expect(await face.send(everyone, "backup done", { acceptMembers: true })).toEqual({ kind: "taken" });
  expect(await face.members(everyone)).toMatchObject({ kind: "answered" });
  expect(await face.safetyNumber("bob")).toMatchObject({ kind: "answered" });
  const refused = { kind: "refused", error: { reason: "own-user-only" } };
  const asked = [
    face.acceptReaders(everyone),
    face.allowPlain("bob"),
    face.confirmNumber("bob", "1".repeat(60)),
    face.confirmDevice("KQ3F-7M2A-0T9X-WB41"),
    face.dismissDevice("x"),
    face.removeDevices(["x"]),
    face.inviteDevice(10),
    face.resetDevices(),
    face.newDevice(),
    face.exportDevice("/tmp/x", "secret"),
    face.importDevice("/tmp/x", "secret"),
    face.kick("bob", "because"),
    face.ban("bob"),
    face.unban("bob"),
    face.bans(),
  ];
  for (const answer of await Promise.all(asked)) expect(answer).toEqual(refused);

  const found = await findShared({ socket });
  if (found.kind !== "found") throw new Error(found.text);
  expect(await found.link.control("stop", { when: "always" })).toEqual({ kind: "in-use" });
  expect(await found.link.control("forget", { server: { host: "chat.example", port: 12345 } })).toEqual({
    kind: "not-allowed",
  });
  found.link.close();
  expect(await agentStatus({ socket })).toMatchObject({ kind: "answered", value: { stays: true } });
  // By the socket of its own user all of it is possible.
  const own = await agents.face({ start: false });
  expect(await own.acceptReaders(everyone)).toEqual({ kind: "taken" });
});

test("SY-4 the group can't keep the agent's own user out: some of the connections are theirs alone", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const socket = place();
  await agents.start({ shared: socket });
  const guests = Array.from({ length: 300 }, () => connect(socket));
  await Promise.all(guests.map(async (guest) => await once(guest, "data")));
  expect(await agents.attach({ shared: socket, start: false })).toMatchObject({ kind: "failed", why: "busy" });
  expect((await agents.attach({ start: false })).kind).toBe("attached");
  for (const guest of guests) guest.destroy();
});

test("SY-4 the group can't keep the agent's own user from a server: some of the places are theirs alone", async () => {
  await using server = await startTestServer();
  await using agents = new FakeAgents();
  const socket = place();
  await agents.start({ shared: socket });
  const at = { server: { host: "127.0.0.1", port: server.port }, start: false };
  const attachAs = async (number: number) => await agents.attach({ ...at, shared: socket, name: `guest-${number}` });
  for (let number = 0; number < 32; number += 1) expect(await attachAs(number)).toMatchObject({ kind: "attached" });
  expect(await attachAs(32)).toMatchObject({ kind: "failed", why: "busy" });
  expect(await agents.attach({ ...at, name: "owner" })).toMatchObject({ kind: "attached" });
});

test("SY-6 what the agent's own user is to know of their device waits for a face of theirs, whoever of the group comes before or is there", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const socket = place();
  await agents.start({ shared: socket });
  await agents.face({ shared: socket, start: false });
  const chat = agents.chats.get("alice");
  if (chat === undefined) throw new Error("no chat");
  chat.tellEvent({ kind: "word", text: "your device was copied" });
  const guest = await agents.face({ shared: socket, start: false });
  const toGuest = heard(guest);
  await guest.people();
  expect(words(toGuest)).toEqual([]);
  const own = await agents.face({ start: false });
  const told = heard(own);
  await own.people();
  expect(words(told)).toEqual(["your device was copied"]);
  chat.tellEvent({ kind: "word", text: "and again" });
  await Promise.all([own.people(), guest.people()]);
  expect(words(told)).toEqual(["your device was copied", "and again"]);
  expect(words(toGuest)).toEqual(["and again"]);
  // What a face of theirs has heard waits for none.
  const next = await agents.face({ start: false });
  const toNext = heard(next);
  await next.people();
  expect(words(toNext)).toEqual([]);
});

test("SY-5 when the shared agent ends, its face waits, starts none, and goes on with the next", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const socket = place();
  await agents.start({ shared: socket });
  const face = await agents.face({ shared: socket, start: false });
  const events = heard(face);
  await agents.end();
  await until(face, () => face.state.kind === "waiting");
  const everyone = face.named("#everyone")?.id;
  if (everyone === undefined) throw new Error("no room");
  await agents.start({ shared: socket });
  await until(face, () => face.state.kind === "online");
  expect(await face.send(everyone, "still here")).toEqual({ kind: "taken" });
  expect(events.length).toBeGreaterThan(0);
  expect(agents.starts).toBe(2);
});

test.runIf(isRoot)("SY-3 services of two users of the group are one device; a third user doesn't get in", async () => {
  await using server = await startTestServer();
  const scratch = scratchFolder();
  chmodSync(scratch, 0o711);
  const home = (user: number) => {
    const folder = join(scratch, `${user}`);
    mkdirSync(folder);
    chownSync(folder, user, user);
    return folder;
  };
  const runtime = join(scratch, "run");
  mkdirSync(runtime);
  chownSync(runtime, AGENT, GROUP);
  chmodSync(runtime, 0o750);
  const as = (user: number, groups: number) => ({
    through: ["setpriv", `--reuid=${user}`, `--regid=${user}`, `--groups=${groups}`, "--"],
    env: {
      HOME: home(user),
      PAD_CLASSIC: "",
      PAD_AGENT_SOCKET: join(runtime, "agent.sock"),
      PAD_SERVER: `127.0.0.1:${server.port}`,
    },
  });
  const [agentUser, backup, web, stranger] = [
    as(AGENT, GROUP),
    as(BACKUP, GROUP),
    as(61_004, GROUP),
    as(STRANGER, STRANGER),
  ];
  expect(await runPadserve(["send", "#everyone", "too early"], backup)).toMatchObject({ code: 3 });
  const agent = startPadserve(["agent", "--system"], agentUser);
  await agent.complains(/shares/);

  expect(await runPadserve(["send", "#everyone", "backup done", "--as", "machine"], backup)).toMatchObject({ code: 0 });
  expect(await runPadserve(["send", "#everyone", "certificate renewed"], web)).toMatchObject({ code: 0, stderr: "" });
  const history = await runPadserve(["history", "#everyone", "--json"], web);
  const said = history.stdout
    .trimEnd()
    .split("\n")
    .map((line): { from: string; text: string } => JSON.parse(line));
  expect(said.map(({ from, text }) => `${from}: ${text}`)).toEqual([
    "machine: backup done",
    "machine: certificate renewed",
  ]);
  expect(existsSync(join(backup.env.HOME, ".local/state/padserve/agent"))).toBe(false);

  const outside = await runPadserve(["send", "#everyone", "let me in"], stranger);
  expect(outside).toMatchObject({ code: 6, stdout: "" });
  expect(outside.stderr).toContain("it is for the group");
  expect(await runPadserve(["agent", "stop"], web)).toMatchObject({ code: 4 });
  expect(await runPadserve(["agent", "forget", "127.0.0.1"], web)).toMatchObject({ code: 4 });
  expect(await runPadserve(["agent"], web)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("as machine: online"),
  });
  agent.kill("SIGTERM");
  expect(await agent.exited).toMatchObject({ code: 0 });
});

function heard(chat: SealedChat): ChatEvent[] {
  const events: ChatEvent[] = [];
  chat.onEvent((event) => events.push(event));
  return events;
}

function words(events: readonly ChatEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "word" ? [event.text] : []));
}

async function until(chat: SealedChat, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = chat.onEvent(() => resolve());
    if (!isSo()) await promise;
    stop();
  }
}
