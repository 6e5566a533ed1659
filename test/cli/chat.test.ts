import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { scratchFolder, startPadserve, type Program } from "../helpers/program.ts";
import { startRelay } from "../helpers/relay.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { PATIENCE } from "../helpers/patience.ts";

/** `pad chat …` of somebody who has never run it, without a terminal. */
function startChat(words: readonly string[], home = scratchFolder()): Program {
  return startPadserve(["chat", ...words], { env: { HOME: home, TERM: "xterm" } });
}

function at({ port }: TestServer): string {
  return `127.0.0.1:${port}`;
}

test("CM-3 what is piped in is said to everybody, in order, then the chat leaves without a word", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const alice = startChat(["alice", at(server)]);
  alice.type("hello");
  alice.type("KICK bob");
  alice.type("/quit");
  alice.endInput();
  for (const text of ["hello", "KICK bob", "/quit"]) expect(await bob.message()).toMatchObject({ from: "alice", text });
  expect(await alice.exited).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test("CM-3 an input that can't be read, as nohup leaves one, is told of", async () => {
  await using server = await startTestServer();
  const alice = startPadserve(["chat", "alice", at(server)], {
    env: { HOME: scratchFolder(), TERM: "xterm" },
    through: ["sh", "-c", 'exec "$0" "$@" 0>/dev/null'],
  });
  const { code, stderr } = await alice.exited;
  expect(stderr).toBe(
    "pad chat: Nothing more is said: standard input can't be read (EBADF). To hear only: pad listen\n",
  );
  expect(code).toBe(1);
});

test("CM-3 with --to it is said to that person", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const alice = startChat(["alice", at(server), "--to", "bob"]);
  alice.type("psst");
  alice.endInput();
  expect(await bob.message()).toEqual({ from: "alice", to: null, text: "psst" });
  expect(await alice.exited).toMatchObject({ code: 0, stderr: "" });
});

test("CM-3 a line that nobody is there for is named, the others are sent, and the exit code tells it", async () => {
  await using server = await startTestServer();
  const alice = startChat(["alice", at(server), "--to", "bob"]);
  alice.type("too early");
  await alice.complains('"too early": Nobody by that name is here');
  const bob = await server.join("bob");
  alice.type("now");
  alice.endInput();
  expect(await bob.message()).toMatchObject({ text: "now" });
  expect(await alice.exited).toMatchObject({ code: 4 });
});

test("CM-3 lines that are too many at once are sent later, and none is lost", async () => {
  await using server = await startTestServer({ config: { messageRate: 2 } });
  const bob = await server.join("bob");
  const alice = startChat(["alice", at(server)]);
  const lines = Array.from({ length: 23 }, (_, i) => `line ${i}`);
  for (const line of lines) alice.type(line);
  alice.endInput();
  for (const text of lines) expect(await bob.message()).toMatchObject({ text });
  expect(await alice.exited).toMatchObject({ code: 0, stderr: "" });
});

test("CM-3 with --commands lines do what they would do if they were typed; answers go to standard error", async () => {
  await using server = await startTestServer();
  const alice = startChat(["alice", at(server), "--commands"]);
  await alice.complains("Connected to");
  const bob = await server.join("bob");
  bob.broadcast("to all\u001b[2J");
  expect(await alice.line()).toBe("bob: to all␛[2J");
  bob.direct("alice", "to you");
  expect(await alice.line()).toBe("bob (to you): to you");
  bob.broadcast("/me waves");
  expect(await alice.line()).toBe("* bob waves");
  alice.type("LIST");
  await alice.complains("Here: alice, bob");
  alice.type("/msg nobody hi");
  await alice.complains('"hi": Nobody by that name is here');
  alice.type("EXIT");
  expect(await alice.exited).toMatchObject({ code: 4 });
});

test("CM-3 with --commands --to is whom texts are for at first, and what stands behind an end is nobody's", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const alice = startChat(["alice", at(server), "--commands", "--to", "bob"]);
  for (const line of ["psst", "/quit", "never"]) alice.type(line);
  expect(await bob.message()).toEqual({ from: "alice", to: null, text: "psst" });
  expect(await alice.exited).toMatchObject({ code: 0, stderr: expect.not.stringContaining("never") });
});

test("CM-3 with --commands messages that are too many at once are sent later, too", async () => {
  await using server = await startTestServer({ config: { messageRate: 2 } });
  const bob = await server.join("bob");
  const alice = startChat(["alice", at(server), "--commands"]);
  const lines = Array.from({ length: 22 }, (_, i) => `line ${i}`);
  for (const line of lines) alice.type(line);
  alice.endInput();
  for (const text of lines) expect(await bob.message()).toMatchObject({ text });
  expect(await alice.exited).toMatchObject({ code: 0 });
});

test.each([
  ["/msg", 1, "Usage: /msg NAME TEXT"],
  ["/set bell loud", 1, "bell can be off, direct, all, not loud"],
  ["KICK nobody", 4, "nobody is not here."],
])("CM-4 with --commands %j exits with %i and says why", async (line, code, words) => {
  await using server = await startTestServer();
  // Who comes first is operator.
  const alice = startChat(["alice", at(server), "--commands"]);
  alice.type(line);
  alice.endInput();
  const exit = await alice.exited;
  expect(exit.code).toBe(code);
  expect(exit.stderr).toContain(words);
});

test("CM-3 a line that is too long for a message is named by its beginning, and harms nobody; a blank one says nothing", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const alice = startChat(["alice", at(server)]);
  alice.type("x".repeat(70_000));
  alice.type("  ");
  alice.type("after");
  alice.endInput();
  expect(await bob.message()).toMatchObject({ text: "after" });
  expect(await alice.exited).toMatchObject({
    code: 1,
    stderr: `pad chat: "${"x".repeat(60)}…": Not sent: that is too long for one message.\n`,
  });
});

test("CM-3 with --commands the end of the input waits for all answers, and a refused message is told by the exit code", async () => {
  await using server = await startTestServer();
  const alice = startChat(["alice", at(server), "--commands"]);
  alice.type("/msg nobody hi");
  alice.type("/info");
  alice.endInput();
  const { code, stderr } = await alice.exited;
  expect(code).toBe(4);
  expect(stderr).toContain("Nobody by that name is here");
  expect(stderr).toContain("Server: ");
});

test("CM-4 a chat that an operator ends says so and exits with 4", async () => {
  await using server = await startTestServer();
  const operator = await server.join("boss");
  const alice = startChat(["alice", at(server), "--commands"]);
  await alice.complains("Connected to");
  operator.say("KICK alice");
  const { code, stderr } = await alice.exited;
  expect(code).toBe(4);
  expect(stderr.match(/An operator kicked you\./g)).toHaveLength(1);
});

test("CM-4 the same in the middle of what is piped in", async () => {
  await using server = await startTestServer({ config: { messageRate: 1 } });
  const operator = await server.join("boss");
  const alice = startChat(["alice", at(server)]);
  for (let i = 0; i < 20; i += 1) alice.type(`line ${i}`);
  expect(await operator.message()).toMatchObject({ text: "line 0" });
  operator.say("KICK alice");
  expect(await alice.exited).toMatchObject({ code: 4, stderr: expect.stringContaining("An operator kicked you.") });
});

test.each([
  [["chat", "alice", "127.0.0.1:1"], 3, "Nobody listens at 127.0.0.1:1. Is the server running? (padserve serve)"],
  [["chat", "alice", "no where"], 1, '"no where" is no address'],
  [["chat", "alice", "host", "more"], 1, "too many words: more"],
  [["chat", "--as", "alice"], 1, "There is no --as here: the name is a word of its own"],
  [["chat", "--as"], 1, "There is no --as here: the name is a word of its own"],
  [["help", "shout"], 1, 'there is no command "shout"'],
  [["shout"], 1, 'there is no command "shout"'],
  [["constructor"], 1, 'there is no command "constructor"'],
] as const)("CM-4 %j exits with %i and says why", async (args, code, words) => {
  const program = startPadserve(args, { env: { HOME: scratchFolder() } });
  program.endInput();
  const exit = await program.exited;
  expect(exit.code).toBe(code);
  expect(exit.stderr).toContain(words);
  expect(exit.stdout).toBe("");
});

test("CF-3 help with a command's name is that command's", async () => {
  const [asked, own] = [startPadserve(["help", "send"]), startPadserve(["send", "--help"])];
  expect(await asked.exited).toEqual({ ...(await own.exited), code: 0 });
});

test("CM-4 a name that can't be one, or is taken, is refused at once where nobody can wait", async () => {
  await using server = await startTestServer();
  await server.join("bob");
  for (const [id, expected, why] of [
    ["a:b", 1, "A name is 1 to 32 of"],
    ["bob", 4, "That name is taken"],
  ] as const) {
    const { code, stderr } = await startChat([id, at(server)]).exited;
    expect(code).toBe(expected);
    expect(stderr).toContain(why);
  }
});

test("CM-4 an interrupt leaves with 130", async () => {
  await using server = await startTestServer();
  const alice = startChat(["alice", at(server), "--commands"]);
  await alice.complains("Connected to");
  alice.kill("SIGINT");
  expect(await alice.exited).toMatchObject({ code: 130 });
});

test("CM-4 an interrupt leaves with 130 also while a line waits for the connection", async () => {
  await using server = await startTestServer();
  await using relay = await startRelay(server.port);
  const bob = await server.join("bob");
  const alice = startChat(["alice", `127.0.0.1:${relay.port}`]);
  alice.type("before");
  await bob.message();
  relay.block(true);
  relay.cut();
  await alice.complains("Trying again until it comes back.");
  alice.type("meanwhile");
  alice.kill("SIGINT");
  expect(await alice.exited).toMatchObject({ code: 130 });
});

test("CM-3 a pipe outlives a lost connection: what is piped in meanwhile is said afterwards", async () => {
  await using server = await startTestServer();
  await using relay = await startRelay(server.port);
  const bob = await server.join("bob");
  const alice = startChat(["alice", `127.0.0.1:${relay.port}`]);
  alice.type("before");
  expect(await bob.message()).toMatchObject({ text: "before" });
  // What comes behind the server's word for it shows that alice has that.
  bob.direct("alice", "heard");
  expect(await alice.line()).toBe("bob (to you): heard");
  relay.block(true);
  relay.cut();
  relay.bury();
  await alice.complains("Trying again until it comes back.");
  alice.type("meanwhile");
  alice.endInput();
  relay.block(false);
  expect(await bob.message()).toMatchObject({ from: "alice", text: "meanwhile" });
  expect(await alice.exited).toMatchObject({ code: 0 });
});

test("CM-22 a notifier gets the text and whose it is, and one that runs on keeps nobody from leaving", async () => {
  await using server = await startTestServer();
  const home = scratchFolder();
  const notifier = join(home, "notifier");
  writeFileSync(
    notifier,
    '#!/bin/sh\nread -r text\necho "$PAD_FROM $PAD_TO $text $$" > "$HOME/noted"\nexec sleep 600\n',
  );
  chmodSync(notifier, 0o755);
  mkdirSync(join(home, ".config/padserve"), { recursive: true });
  writeFileSync(join(home, ".config/padserve/settings.json"), JSON.stringify({ notify: notifier }));
  const alice = startChat(["alice", at(server), "--commands"], home);
  await alice.complains("Connected to");
  (await server.join("bob")).direct("alice", "psst");
  await alice.line();
  const [, from, to, text, pid] = await vi.waitUntil(
    () => /^(\S+) (\S+) (\S+) (\d+)\n/.exec(read(join(home, "noted"))),
    { timeout: PATIENCE },
  );
  onTestFinished(() => void process.kill(Number(pid)));
  expect([from, to, text]).toEqual(["bob", "alice", "psst"]);
  alice.endInput();
  expect(await alice.exited).toMatchObject({ code: 0 });
});

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

test("CM-20 what a pipe went to is not remembered: it is no person's chat", async () => {
  await using server = await startTestServer();
  const home = scratchFolder();
  const nas = startChat(["nas", at(server)], home);
  nas.endInput();
  expect(await nas.exited).toMatchObject({ code: 0 });
  expect(existsSync(join(home, ".local/state/padserve/client.json"))).toBe(false);
});

test("CM-20 settings that can't be used are named, and the chat goes on", async () => {
  await using server = await startTestServer();
  const home = scratchFolder();
  mkdirSync(join(home, ".config/padserve"), { recursive: true });
  writeFileSync(join(home, ".config/padserve/settings.json"), '{"bell":"loud"}');
  const alice = startChat(["alice", at(server)], home);
  alice.endInput();
  expect(await alice.exited).toMatchObject({
    code: 0,
    stderr: `pad chat: ${home}/.config/padserve/settings.json: "bell" can't be "loud"\n`,
  });
});
