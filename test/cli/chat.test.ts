import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { scratchFolder, startPadserve, type Program } from "../helpers/program.ts";
import { startRelay } from "../helpers/relay.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

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
  await alice.complains('"too early": Nobody of that name is here');
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
  await alice.complains("To nobody: Nobody of that name is here");
  alice.type("EXIT");
  expect(await alice.exited).toMatchObject({ code: 4 });
});

test("CM-3 with --commands the end of the input waits for all answers, and a refused message is told by the exit code", async () => {
  await using server = await startTestServer();
  const alice = startChat(["alice", at(server), "--commands"]);
  alice.type("/msg nobody hi");
  alice.type("/info");
  alice.endInput();
  const { code, stderr } = await alice.exited;
  expect(code).toBe(4);
  expect(stderr).toContain("Nobody of that name is here");
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
  expect(stderr).toContain("An operator has kicked you.");
});

test.each([
  [["chat", "alice", "127.0.0.1:1"], 3, "Nobody listens at 127.0.0.1:1. Is the server running? (padserve serve)"],
  [["chat", "alice", "no where"], 1, '"no where" is no address'],
  [["chat", "alice", "host", "more"], 1, "too many words: more"],
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

test("CM-4 a name that can't be one, or is taken, is refused with 4 at once where nobody can wait", async () => {
  await using server = await startTestServer();
  await server.join("bob");
  for (const [id, why] of [
    ["a:b", "A name is 1 to 32 of"],
    ["bob", "That name is taken"],
  ] as const) {
    const { code, stderr } = await startChat([id, at(server)]).exited;
    expect(code).toBe(4);
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
  const [, from, to, text, pid] = await vi.waitUntil(() =>
    /^(\S+) (\S+) (\S+) (\d+)\n/.exec(read(join(home, "noted"))),
  );
  onTestFinished(() => void process.kill(Number(pid)));
  expect([from, to, text]).toEqual(["bob", "alice", "psst"]);
  alice.endInput();
  expect(await alice.exited).toMatchObject({ code: 0 });
});

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

test("CM-20 the server and the name of the last chat are remembered, for this user alone", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const home = scratchFolder();
  for (const words of [["alice", at(server)], []]) {
    const alice = startChat(words, home);
    alice.type("hello");
    alice.endInput();
    expect(await bob.message()).toMatchObject({ from: "alice", text: "hello" });
    expect(await alice.exited).toMatchObject({ code: 0, stderr: "" });
  }
  const file = join(home, ".local/state/padserve/client.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ server: at(server), id: "alice" });
  expect(statSync(file).mode & 0o777).toBe(0o600);
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
