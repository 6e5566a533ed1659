/** The client library against the real server; its behaviour towards older servers is tested against fakes. */
import { once } from "node:events";
import { hostname } from "node:os";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { online, record, type Recorder } from "../client/recorder.ts";
import { startServerProcess } from "../helpers/server-process.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

const TAKEN = { kind: "taken" };

describe("a server that stays", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.stop());

  function join(id: string): Promise<Recorder> {
    return online({ server: at(server.port), id });
  }

  test("SC-47 two clients talk, in broadcasts and direct messages", async () => {
    await using alice = await join("alice");
    await using bob = await join("bob");
    expect([alice.client.state, bob.client.state]).toEqual([
      { kind: "online", operator: true },
      { kind: "online", operator: false },
    ]);
    for (const text of ["hello", "", "two\nlines, ünïcode 🙂", "x".repeat(30_000)]) {
      expect(await alice.client.broadcast(text)).toEqual(TAKEN);
      const broadcast = { kind: "message", from: "alice", to: "ALL", text };
      expect(await bob.hears((event) => event.kind === "message" && event.text === text)).toEqual(broadcast);
      const answer = `re: ${text}`.slice(0, 15_000);
      expect(await bob.client.send("alice", answer)).toEqual(TAKEN);
      const direct = { kind: "message", from: "bob", to: "alice", text: answer };
      expect(await alice.hears((event) => event.kind === "message" && event.text === answer)).toEqual(direct);
    }
  });

  test("SC-48 every question is answered", async () => {
    await using alice = await join("alice");
    await using bob = await join("bob");
    expect(await bob.client.list()).toEqual(answered(["alice", "bob"]));
    expect(await bob.client.info()).toEqual(answered({ host: hostname(), addresses: [], ids: ["alice", "bob"] }));
    expect(await bob.client.help()).toMatchObject(answered([{ usage: "LIST" }, { usage: "INFO" }]));
    expect(await bob.client.listBans()).toEqual(refused({ reason: "not-operator" }));
    expect(await bob.client.serverInfo()).toEqual(refused({ reason: "not-operator" }));
    expect(await alice.client.listBans()).toEqual(answered([]));
    expect(await alice.client.serverInfo()).toEqual(answered({ host: hostname(), addresses: [] }));
    const help = await alice.client.help();
    expect(help.kind === "answered" && help.value.filter(({ operator }) => operator)).toHaveLength(5);
    expect([...alice.events, ...bob.events].filter(({ kind }) => kind === "notice")).toEqual([]);
  });

  test("SC-48 what is asked all at once is answered each for itself", async () => {
    await using alice = await join("alice");
    const { client } = alice;
    const outcomes: readonly Promise<unknown>[] = [
      client.send("nobody", "one"),
      client.broadcast("two"),
      client.list(),
      client.send("alice", "three"),
      client.kick("nobody"),
      client.ban("x:"),
      client.listBans(),
      client.send("nobody", "four"),
    ];
    expect(await Promise.all(outcomes)).toEqual([
      refused({ reason: "recipient-not-found" }),
      TAKEN,
      answered(["alice"]),
      TAKEN,
      refused({ reason: "target-not-found", target: "nobody" }),
      refused({ reason: "invalid-name" }),
      answered([]),
      refused({ reason: "recipient-not-found" }),
    ]);
  });

  test("SC-49 an operator kicks, bans, unbans; who is sent away hears why and does not come back by itself", async () => {
    await using alice = await join("alice");
    await using bob = await join("bob");
    await using carol = await join("carol");
    expect(await alice.client.kick("bob")).toEqual(TAKEN);
    expect(await bob.client.ended()).toEqual({ kind: "kicked" });
    expect(await alice.client.ban("carol")).toEqual(TAKEN);
    expect(await carol.client.ended()).toEqual({ kind: "banned" });
    expect(await alice.client.listBans()).toEqual(answered(["carol"]));
    await using again = record({ server: at(server.port), id: "carol", reconnect: "always" });
    expect(await again.client.ended()).toEqual(refused({ reason: "you-are-banned" }));
    expect(await alice.client.unban("carol")).toEqual(TAKEN);
    await using back = await join("carol");
    expect(back.client.state).toEqual({ kind: "online", operator: false });
    expect(await alice.client.kick("alice")).toEqual(refused({ reason: "operator-immune", action: "kick" }));
    expect(await back.client.kick("alice")).toEqual(refused({ reason: "not-operator" }));
  });

  test("SC-49 a name that is taken is refused for good", async () => {
    await using alice = await join("alice");
    await using other = record({ server: at(server.port), id: "ALICE", reconnect: "always" });
    expect(await other.client.ended()).toEqual(refused({ reason: "name-taken" }));
    expect(alice.client.state.kind).toBe("online");
  });
});

test("SC-50 a client comes back by itself after the server's restart", async () => {
  const first = await startTestServer();
  const { port } = first;
  await using alice = await online({ server: at(port), id: "alice", reconnect: "lost" });
  await first.stop();
  await alice.reaches("waiting");
  await using second = await startTestServer({ config: { port } });
  expect(second.port).toBe(port);
  await alice.reaches("online", 2);
  expect(await alice.client.list()).toEqual(answered(["alice"]));
});

test("SC-51 what the server had not answered when it was killed is unknown, and nothing more is known to be sent", async () => {
  await using server = await startServerProcess();
  await using alice = await online({ server: at(server.port), id: "alice", reconnect: "never" });
  expect(await alice.client.list()).toEqual(answered(["alice"]));
  server.child.kill("SIGSTOP");
  const outcomes = [alice.client.broadcast("hello"), alice.client.send("alice", "hello"), alice.client.ban("bob")];
  const ended = once(server.child, "exit");
  server.child.kill("SIGKILL");
  await ended;
  const end = await alice.client.ended();
  expect(["closed", "broken"]).toContain(end.kind);
  const unknown = { kind: "unknown", why: end };
  expect(await Promise.all(outcomes)).toEqual([unknown, unknown, unknown]);
  expect(await alice.client.broadcast("too late")).toEqual({ kind: "not-sent", why: "ended" });
});

function at(port: number): { host: string; port: number } {
  return { host: "127.0.0.1", port };
}

function answered(value: unknown): object {
  return { kind: "answered", value };
}

function refused(error: object): object {
  return { kind: "refused", error };
}
