/** PROTOCOL.md, "Where the original fails and we must not"; what has a file of its own here is tested there. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { answers } from "../helpers/classic-scene.ts";
import { namesOf } from "../helpers/conversation.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { scratchDirectory, type Scratch } from "../store/scratch.ts";

let scratch: Scratch;
beforeEach(() => void (scratch = scratchDirectory()));
afterEach(() => scratch.remove());

test("SC-30 no length of an encrypted broadcast ends the server or the connection", async () => {
  await using server = await startTestServer();
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  for (let bytes = 0; bytes <= 100; bytes++) {
    const [answer = ""] = (await answers(bob, [`SEND ALL ${"5a".repeat(bytes)}`])).hears;
    if (bytes === 0) expect(answer).toBe("ERROR Invalid SEND command");
    else if (bytes < 32 || bytes % 16 !== 0) expect(answer).toBe("ERROR Decryption failed");
    // What the key makes of whole blocks is chance, and may even be a text.
    else expect(answer).toMatch(/^(ERROR Decryption failed|ERROR Invalid text|BROADCAST SENT)$/);
  }
  expect(await namesOf(alice)).toEqual(["alice", "bob"]);
});

test("SC-31 nobody hears anything of a connection that has not registered, and it learns nothing", async () => {
  await using server = await startTestServer();
  const alice = await server.join("alice");
  const nobody = await server.connect();
  expect(await answers(nobody, ["SEND ALL {hello}", "SEND alice {a pad}", "LIST", "INFO"])).toEqual({
    hears: Array.from({ length: 4 }, () => "ERROR Not registered"),
    after: "open",
  });
  expect(await answers(alice, ["LIST"])).toEqual({
    hears: ["BEGIN_RESPONSE", "CLIENT alice", "END_RESPONSE"],
    after: "open",
  });
});

test("SC-32 a connection that registers twice has one name and leaves no ghost behind", async () => {
  await using server = await startTestServer();
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  expect(await bob.ask("REGISTER robert")).toBe("ERROR Already registered");
  expect(await namesOf(alice)).toEqual(["alice", "bob"]);
  expect(await alice.ask("SEND robert |")).toBe("ERROR Recipient not found");
  bob.socket.resetAndDestroy();
  while ((await namesOf(alice)).includes("bob"));
  expect(await namesOf(alice)).toEqual(["alice"]);
  for (const id of ["bob", "robert"]) await server.join(id);
});

test("SC-33 a ban outlives the server's restart, until it is lifted", async () => {
  await withServer(async (server) => {
    const alice = await server.join("alice");
    expect(await alice.ask("BAN mallory")).toBe("SUCCESS Banned client mallory");
  });
  await withServer(async (server) => {
    const alice = await server.join("alice");
    const mallory = await server.connect();
    mallory.say("REGISTER Mallory");
    expect(await mallory.closed()).toEqual(["ERROR You are banned from this server"]);
    expect(await alice.ask("UNBAN mallory")).toBe("SUCCESS Unbanned client mallory");
  });
  await withServer(async (server) => {
    await server.join("mallory");
  });
});

/** One life of a server on the same data directory. */
async function withServer(live: (server: TestServer) => Promise<void>): Promise<void> {
  await using server = await startTestServer({ store: await openSqliteStore(scratch.path) });
  await live(server);
}
