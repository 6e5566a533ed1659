import { expect, test } from "vitest";
import { startPadserve } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";

test("CM-3 what is piped in is said to everybody, then the chat leaves", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const alice = startPadserve(["chat", "alice", `127.0.0.1:${server.port}`]);
  alice.type("hello");
  alice.type("are you there?");
  alice.endInput();
  expect(await bob.message()).toMatchObject({ from: "alice", text: "hello" });
  expect(await bob.message()).toMatchObject({ from: "alice", text: "are you there?" });
  expect(await alice.exited).toMatchObject({ code: 0, stdout: "" });
});

test("CM-3 what others say goes to standard output, all else to standard error", async () => {
  await using server = await startTestServer();
  const alice = startPadserve(["chat", "alice", `127.0.0.1:${server.port}`]);
  await alice.complains("Connected to");
  const bob = await server.join("bob");
  bob.broadcast("to all\u001b[2J");
  expect(await alice.line()).toBe("bob: to all␛[2J");
  alice.type("LIST");
  await alice.complains("Here: alice, bob");
  alice.type("SEND nobody hi");
  await alice.complains("Nobody of that name is here.");
  alice.type("EXIT");
  expect(await alice.exited).toMatchObject({ code: 0 });
});

test("CM-4 a chat that an operator ends says so and exits with 4", async () => {
  await using server = await startTestServer();
  const operator = await server.join("boss");
  const alice = startPadserve(["chat", "alice", `127.0.0.1:${server.port}`]);
  await alice.complains("Connected to");
  operator.say("KICK alice");
  const { code, stderr } = await alice.exited;
  expect(code).toBe(4);
  expect(stderr).toContain("An operator has kicked you.");
});

test.each([
  [["chat", "alice", "127.0.0.1:1"], 3, "Nobody listens at 127.0.0.1:1. Is the server running? (padserve serve)"],
  [["chat", "alice", "no where"], 1, '"no where" is no address'],
  [["chat"], 1, "something is missing: YourID [server]"],
  [["send", "bob", "hi", "--server", "127.0.0.1:1"], 3, "Nobody listens at 127.0.0.1:1."],
  [["send", "bob"], 1, "something is missing: WHO TEXT"],
  [["send", "bob", "hi", "--to", "x"], 1, "Unknown option '--to'"],
  [["shout"], 1, 'there is no command "shout"'],
  [["constructor"], 1, 'there is no command "constructor"'],
] as const)("CM-4 %j exits with %i and says why", async (args, code, words) => {
  const program = startPadserve(args);
  program.endInput();
  const exit = await program.exited;
  expect(exit.code).toBe(code);
  expect(exit.stderr).toContain(words);
  expect(exit.stdout).toBe("");
});

test("CM-4 a name that can't be one is refused with 4", async () => {
  await using server = await startTestServer();
  const { code, stderr } = await startPadserve(["chat", "a:b", `127.0.0.1:${server.port}`]).exited;
  expect(code).toBe(4);
  expect(stderr).toContain("A name is 1 to 32 of");
});

test("CM-4 an interrupt leaves with 130", async () => {
  await using server = await startTestServer();
  const alice = startPadserve(["chat", "alice", `127.0.0.1:${server.port}`]);
  await alice.complains("Connected to");
  alice.kill("SIGINT");
  expect(await alice.exited).toMatchObject({ code: 130 });
});
