import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask } from "../../src/admin/ask.ts";
import { newNonce, NONCE_HEADER, PROOF_HEADER, proveRequest } from "../../src/admin/proof.ts";
import { ClaimRecordsSchema } from "../../src/admin/records.ts";
import { readRunningFile } from "../../src/admin/running-file.ts";
import { newSigningKey, type SigningKey } from "../../src/mls/identity/ed25519.ts";
import type { FakeLocalApi } from "../fakes/fake-local-api.ts";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { askHttp } from "../helpers/http.ts";
import { runPadserve, scratchFolder } from "../helpers/program.ts";
import { startServe, type Serving } from "../helpers/serve.ts";
import { startFakeTailscaled } from "../helpers/tailnet.ts";

const WHEN = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

test("SV-43 operators are listed with their ground, and the right of whoever came first is cleared", async () => {
  const { port, data } = await startServe();
  const alice = await ClassicPeer.connect(port);
  onTestFinished(() => void alice.socket.destroy());
  expect((await padserve("operators", data)).stdout).toBe("Nobody is operator now.\n");
  await alice.setUp("alice");
  expect((await padserve("operators", data)).stdout).toBe("alice  first  connected\n");
  expect((await padserve("operators --json", data)).stdout).toBe(
    '[{"name":"alice","ground":"first","connected":true}]\n',
  );
  expect(await padserve("operators all", data)).toMatchObject({
    code: 1,
    stderr: "padserve operators: give no word to list them, or: clear\n",
  });
  expect(await padserve("operators clear", data)).toMatchObject({
    code: 0,
    stdout: "Whoever was operator by coming first is so no more; the next who comes first is.\n",
  });
  expect(await alice.ask("KICK bob")).toMatch(/^ERROR /);
  expect((await padserve("operators", data)).stdout).toBe("Nobody is operator now.\n");
  expect((await padserve("operators clear", data)).stdout).toBe("Nobody is operator by coming first.\n");
});

test("SV-51 with a name that is released go its key and its devices: who takes it next begins anew, and the old stay out", async () => {
  const { port, data } = await startServe();
  using first = await FramePeer.connect(port);
  const owner = { kind: "name", identity: "alice" } as const;
  const [lost, fresh] = [makeDevice(first.hello.server.id, owner), makeDevice(first.hello.server.id, owner)];
  await first.greet("alice", lost);
  first[Symbol.dispose]();
  using second = await FramePeer.connect(port);
  expect(await second.ask("hello", second.helloOf("alice", fresh))).toMatchObject({
    refusal: { reason: "other-user-key" },
  });
  expect(await padserve("names release Alice", data)).toMatchObject({ code: 0, stdout: "Alice is free.\n" });
  expect(await second.greet("alice", fresh)).toMatchObject({ name: "alice" });
  using third = await FramePeer.connect(port);
  expect(await third.ask("hello", third.helloOf("alice", lost))).toMatchObject({
    refusal: { reason: "device-removed" },
  });
});

test("ID-43 the first one's right outlives kill -9, also when another comes first after it, until it is cleared", async () => {
  const first = await startServe();
  const { data } = first;
  const [alice, bob] = [newSigningKey(), newSigningKey()];
  expect((await greet(first, "alice", alice)).operator).toBe(true);
  first.program.kill("SIGKILL");
  await first.program.exited;
  expect((await padserve("operators", data)).stdout).toBe("alice  first\n");

  const second = await startServe({ data });
  expect((await greet(second, "bob", bob)).operator).toBe(false);
  expect((await greet(second, "alice", alice)).operator).toBe(true);
  second.program.kill("SIGKILL");
  await second.program.exited;
  expect((await padserve("operators clear", data)).stdout).toMatch(
    /^Whoever was operator by coming first is so no more/,
  );
  expect((await padserve("operators", data)).stdout).toBe("Nobody is operator now.\n");

  const third = await startServe({ data });
  expect((await greet(third, "bob", bob)).operator).toBe(true);
  expect((await greet(third, "alice", alice)).operator).toBe(false);
  expect((await padserve("operators clear", data)).stdout).toMatch(
    /^Whoever was operator by coming first is so no more/,
  );
  third.program.kill("SIGKILL");
  await third.program.exited;
  expect((await padserve("operators", data)).stdout).toBe("Nobody is operator now.\n");
});

/** The hello's answer, of a new device with this user key. */
async function greet({ port }: Serving, name: string, userKey: SigningKey) {
  const peer = await FramePeer.connect(port);
  onTestFinished(() => peer[Symbol.dispose]());
  return peer.greet(name, makeDevice(peer.hello.server.id, { kind: "name", identity: name }, userKey));
}

test("SV-43 an operator by the tailnet's word is listed so, and clearing takes nothing from them", async () => {
  const { serving, alice } = await startWithPeople();
  expect((await padserve("operators", serving.data)).stdout).toBe("alice  owner  connected\n");
  expect((await padserve("operators clear", serving.data)).stdout).toBe("Nobody is operator by coming first.\n");
  expect(await alice.ask("KICK bob")).not.toMatch(/^ERROR/);
});

describe("padserve names and padserve bans", () => {
  test("SV-14 tell of a running server and of a stopped one the same, for people and as JSON", async () => {
    const { fake, serving, alice } = await startWithPeople();
    const { data, program } = serving;
    expect((await padserve("names", data)).stdout).toMatch(
      new RegExp(
        `^alice  alice@example\\.com +${WHEN}  connected\nbob    bob@example\\.com +${WHEN}  connected\n` +
          `nas    machine nas \\(tag:backup\\)  ${WHEN}\n$`,
      ),
    );
    expect((await padserve("bans", data)).stdout).toBe("Nobody is banned.\n");
    const running = await told(data);
    expect(running.bans).toEqual([]);
    await alice.ask("BAN bob");
    await alice.ask("BAN somebody");
    const bans = await padserve("bans --json", data);
    expect((await padserve("bans", data)).stdout).toMatch(
      new RegExp(
        `^bob       bob@example\\.com  by alice  ${WHEN}\nsomebody  \\(the name only\\)  by alice  ${WHEN}\n$`,
      ),
    );
    program.kill("SIGTERM");
    await program.exited;
    await fake.stop();

    const stopped = await told(data);
    const since: unknown = expect.stringMatching(new RegExp(`^${WHEN}$`));
    expect(stopped).toEqual({
      names: [
        { name: "alice", identity: "alice@example.com", since, connected: false },
        { name: "bob", identity: "bob@example.com", since, connected: false },
        { name: "nas", identity: "machine nas (tag:backup)", since, connected: false },
      ],
      bans: [
        { name: "bob", identity: "bob@example.com", by: "alice", since, reason: null },
        { name: "somebody", identity: null, by: "alice", since, reason: null },
      ],
    });
    expect(bans.stdout).toBe(`${JSON.stringify(stopped.bans)}\n`);
    expect(running.names).toMatchObject(
      stopped.names.map(({ name, identity, since: at }) => ({ name, identity, since: at })),
    );
    expect(running.names.map(({ connected }) => connected)).toEqual([true, true, false]);
  });

  test("SV-15 a name that is released belongs to the next who registers it, on a running server at once", async () => {
    const { fake, serving } = await startWithPeople();
    expect(await replyTo(fake, serving, "carol-laptop", "NAS")).toBe("ERROR Client name already registered");
    expect(await padserve("names release nas", serving.data)).toMatchObject({ code: 0, stdout: "nas is free.\n" });
    expect(await replyTo(fake, serving, "carol-laptop", "nas")).toBe("REGISTERED");
    expect(await replyTo(fake, serving, "nas", "nas")).toBe("ERROR Client name already registered");
  });

  test("SV-15 a name is released on a stopped server, too; one that nobody has is said to be so", async () => {
    const { serving } = await startWithPeople();
    serving.program.kill("SIGKILL");
    await serving.program.exited;
    expect(await padserve("names release BOB", serving.data)).toMatchObject({ code: 0, stdout: "BOB is free.\n" });
    expect((await told(serving.data)).names.map(({ name }) => name)).toEqual(["alice", "nas"]);
    expect(await padserve("names release bob", serving.data)).toMatchObject({
      code: 4,
      stdout: "",
      stderr: "padserve names: nobody has claimed bob; padserve names lists those that are\n",
    });
  });

  test("SV-16 where nothing was ever kept it is said, and nothing is made", async () => {
    const data = join(scratchFolder(), "data");
    const stderr = `no server has kept anything in ${data} yet; --data names another folder\n`;
    expect(await padserve("names", data)).toMatchObject({ code: 6, stderr: `padserve names: ${stderr}` });
    expect(await padserve("bans", data)).toMatchObject({ code: 6, stderr: `padserve bans: ${stderr}` });
    expect(existsSync(data)).toBe(false);
  });

  test("SV-17 without the secret of the data folder there is nothing to be asked", async () => {
    const { port, data } = await startServe();
    const running = readRunningFile(data);
    if (running === null) throw new Error("no server");
    expect(await ask(running, "GET", "/admin/names", ClaimRecordsSchema)).toEqual([]);
    for (const path of ["/admin/", "/admin/tokens", "/admin/names/../../etc", "/admin/names/bob"]) {
      await expect(ask(running, "GET", path, ClaimRecordsSchema)).rejects.toThrow("HTTP status 404");
    }
    for (const proof of ["", "x", "0".repeat(64), running.token]) {
      for (const path of ["/admin/names", "/admin/bans", "/admin/report"]) {
        const headers = { [PROOF_HEADER]: proof, authorization: `Bearer ${running.token}` };
        expect(await askHttp(port, { path, headers })).toMatchObject({ status: 404 });
      }
    }
    expect(await askHttp(port, { path: "/admin/names/bob", method: "DELETE" })).toMatchObject({ status: 404 });
    for (const nonce of ["", "0".repeat(63), "0".repeat(65), "g".repeat(64)]) {
      const headers = { [NONCE_HEADER]: nonce };
      expect(await askHttp(port, { path: "/admin/challenge", headers })).toMatchObject({ status: 404 });
    }
  });

  test("SV-17 a proof is good for one request, on one connection", async () => {
    const { port, data } = await startServe();
    const token = readRunningFile(data)?.token ?? "";
    const challenged = async (agent: Agent) => {
      const client = newNonce();
      const { headers } = await httpGet(port, "/admin/challenge", { [NONCE_HEADER]: client }, agent);
      return {
        [PROOF_HEADER]: proveRequest(token, { client, server: String(headers[NONCE_HEADER]) }, "GET", "/admin/names"),
      };
    };
    const [one, other] = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true, maxSockets: 1 })];
    const proof = await challenged(one);
    expect((await httpGet(port, "/admin/names", proof, other)).status).toBe(404);
    expect((await httpGet(port, "/admin/names", proof, one)).status).toBe(200);
    expect((await httpGet(port, "/admin/names", proof, one)).status).toBe(404);
    expect((await httpGet(port, "/admin/bans", await challenged(one), one)).status).toBe(404);
    one.destroy();
    other.destroy();
  });
});

describe("when something else has the port of a server that was killed", () => {
  test("SV-23 it gets no secret and is not believed: the folder is read instead", async () => {
    const { serving } = await startWithPeople();
    serving.program.kill("SIGKILL");
    await serving.program.exited;
    const token = readRunningFile(serving.data)?.token ?? "";
    const stranger = await startStranger(serving.port, (response) => {
      response.setHeader(NONCE_HEADER, "0".repeat(64));
      response.setHeader(PROOF_HEADER, "0".repeat(64));
      response.end('[{"name":"\u001b[2Jevil","identity":"x","since":"y","connected":true}]');
    });
    const names = await padserve("names", serving.data);
    expect(names).toMatchObject({ code: 0, stderr: "" });
    expect(names.stdout).toMatch(/^alice .*\nbob .*\nnas .*\n$/);
    expect(await padserve("names release bob", serving.data)).toMatchObject({ code: 0, stdout: "bob is free.\n" });
    expect((await told(serving.data)).names.map(({ name }) => name)).toEqual(["alice", "nas"]);
    expect((await runPadserve(["doctor", "--json", "--data", serving.data])).stdout).not.toContain("evil");
    expect(stranger.heard()).toContain("/admin/challenge");
    expect(stranger.heard()).not.toContain(token);
  });

  test("SV-23 of an endless answer only a little is read", async () => {
    const { serving } = await startWithPeople();
    serving.program.kill("SIGKILL");
    await serving.program.exited;
    let sent = 0;
    await startStranger(serving.port, (response) => {
      const more = () => {
        while (response.write("x".repeat(4096))) sent += 4096;
        response.once("drain", more);
      };
      more();
    });
    expect(await padserve("names", serving.data)).toMatchObject({ code: 0, stderr: "" });
    // What the system buffers, and no more.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });
});

/** Something else that listens at a port; `heard` is all that was sent to it. */
async function startStranger(port: number, answer: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => answer(response));
  let heard = "";
  server.on("connection", (socket) => socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1"))));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { heard: () => heard };
}

async function httpGet(port: number, path: string, headers: Record<string, string>, agent: Agent) {
  const sent = request({ host: "127.0.0.1", port, path, headers, agent }).end();
  const [answer]: IncomingMessage[] = await once(sent, "response");
  if (answer === undefined) throw new Error("no answer");
  await text(answer);
  return { status: answer.statusCode, headers: answer.headers };
}

interface Records {
  readonly names: readonly Readonly<Record<string, unknown>>[];
  readonly bans: readonly Readonly<Record<string, unknown>>[];
}

/** A server with alice, its operator, and bob connected, and nas known. */
async function startWithPeople(): Promise<{ fake: FakeLocalApi; serving: Serving; alice: ClassicPeer }> {
  const fake = await startFakeTailscaled();
  const serving = await startServe({ tailscaleSocket: fake.path });
  const alice = new ClassicPeer(await fake.dial("alice-laptop", serving.port));
  await alice.setUp("alice");
  await new ClassicPeer(await fake.dial("bob-laptop", serving.port)).setUp("bob");
  expect(await replyTo(fake, serving, "nas", "nas")).toBe("REGISTERED");
  return { fake, serving, alice };
}

/** What a node is answered that registers and leaves. */
async function replyTo(fake: FakeLocalApi, { port }: Serving, node: string, id: string): Promise<string> {
  const peer = new ClassicPeer(await fake.dial(node, port));
  const reply = await peer.ask(`REGISTER ${id}`);
  peer.say("EXIT");
  await peer.closed();
  return reply;
}

function padserve(words: string, data: string): ReturnType<typeof runPadserve> {
  return runPadserve([...words.split(" "), "--data", data]);
}

async function told(data: string): Promise<Records> {
  const [names, bans] = [await padserve("names --json", data), await padserve("bans --json", data)];
  return { names: JSON.parse(names.stdout), bans: JSON.parse(bans.stdout) };
}
