import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startFakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import type { FakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import { createLocalApi } from "./client.ts";
import type { LocalApi, LocalApiOptions } from "./client.ts";
import type { Endpoint } from "./endpoint.ts";
import { stateFromStatus } from "../state.ts";
import { PATIENCE } from "../../../test/helpers/patience.ts";

let tailnet: FakeLocalApi;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  tailnet = await startFakeLocalApi();
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await tailnet.stop();
});

function ask(options: Partial<LocalApiOptions> = {}): LocalApi {
  const api = createLocalApi({ find: () => Promise.resolve([{ kind: "socket", path: tailnet.path }]), ...options });
  closing.push(() => api.close());
  return api;
}

/** Something on a port of loopback, where the macOS apps are asked. */
async function listenOnLoopback(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return portOf(server);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const noSignal = new AbortController().signal;

test("TN-6 status and who-is are answered, by a tailscaled that checks the Host", async () => {
  const api = ask();
  tailnet.node("bob-laptop", { user: "bob@example.com", addresses: ["100.64.0.2", "fd7a:115c:a1e0::2"] });
  expect(await api.status()).toMatchObject({ ok: true, value: { BackendState: "Running", TUN: true } });
  const bob = { ok: true, value: { UserProfile: { LoginName: "bob@example.com" } } };
  expect(await api.whoIs("100.64.0.2", 50000)).toMatchObject(bob);
  expect(await api.whoIs("::ffff:100.64.0.2", 50000)).toMatchObject(bob);
  expect(await api.whoIs("fd7a:115c:a1e0::2", 50000)).toMatchObject(bob);
  expect(tailnet.asked).toEqual([
    "GET /localapi/v0/status?peers=false",
    "GET /localapi/v0/whois?addr=100.64.0.2%3A50000&proto=tcp",
    "GET /localapi/v0/whois?addr=100.64.0.2%3A50000&proto=tcp",
    "GET /localapi/v0/whois?addr=%5Bfd7a%3A115c%3Aa1e0%3A%3A2%5D%3A50000&proto=tcp",
  ]);
});

test("TN-6 where status leaves the owner's profile out, who-is of our own address has it", async () => {
  tailnet.set({ ownProfile: false });
  const status = await ask().status();
  expect(status.ok && stateFromStatus(status.value, 0)).toMatchObject({ self: { ownerLogin: "alice@example.com" } });
  tailnet.self("chat", { tags: ["tag:chat"], addresses: ["100.64.0.1"] });
  expect(await ask().status()).toMatchObject({ ok: true, value: { User: {} } });
  expect(tailnet.asked).toEqual([
    "GET /localapi/v0/status?peers=false",
    "GET /localapi/v0/whois?addr=100.64.0.1",
    "GET /localapi/v0/status?peers=false",
  ]);
});

test("TN-23 what the administrator set, which nodes there are, and where the peers are, is answered", async () => {
  const api = ask();
  tailnet.node("bob-laptop", { user: "bob@example.com", addresses: ["100.64.0.2", "fd7a:115c:a1e0::2"] });
  tailnet.node("nas", { tags: ["tag:backup"], addresses: ["fd7a:115c:a1e0::3"] });
  expect(await api.netMap()).toEqual({
    ok: true,
    value: {
      running: true,
      nodes: ["n1CNTRL", "n2CNTRL", "n3CNTRL"],
      names: ["chat.tail1234.ts.net", "bob-laptop.tail1234.ts.net", "nas.tail1234.ts.net"],
      addresses: ["100.64.0.2", "fd7a:115c:a1e0::3"],
    },
  });
  expect(await api.prefs()).toMatchObject({ ok: true, value: { ShieldsUp: false, CorpDNS: true } });
  tailnet.set({ shieldsUp: true, acceptDns: false });
  expect(await api.prefs()).toMatchObject({ ok: true, value: { ShieldsUp: true, CorpDNS: false } });
});

test("TN-6 on a loopback port the token is the password", async () => {
  let authorization = "";
  const port = await listenOnLoopback((request, response) => {
    authorization = request.headers.authorization ?? "";
    response.end(JSON.stringify({ BackendState: "Stopped" }));
  });
  const answer = await ask({ find: () => Promise.resolve([{ kind: "loopback", port, token: "secret" }]) }).status();
  expect(answer).toMatchObject({ ok: true, value: { BackendState: "Stopped" } });
  expect(authorization).toBe(`Basic ${Buffer.from(":secret").toString("base64")}`);
});

test("TN-7 a who-is that tailscaled answers with 404 names nobody", async () => {
  expect(await ask().whoIs("100.64.0.77", 50000)).toEqual({ ok: true, value: null });
});

test("TN-8 no socket: absent; a socket without a listener: refused-connection", async () => {
  await tailnet.goAway();
  expect(await ask().status()).toEqual({ ok: false, problem: { kind: "absent" } });
  writeFileSync(tailnet.path, "");
  expect(await ask().status()).toEqual({ ok: false, problem: { kind: "refused-connection" } });
});

test("TN-8 a loopback port without a listener is absent, since macOS keeps its number for ever", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  const find = () => Promise.resolve([{ kind: "loopback", port, token: "" }] as const);
  expect(await ask({ find }).status()).toEqual({ ok: false, problem: { kind: "absent" } });
});

test("TN-8 tailscaled's 403: no-permission, with its reason", async () => {
  tailnet.forbid("access denied");
  const denied = { ok: false, problem: { kind: "no-permission", text: "access denied" } };
  expect(await ask().status()).toEqual(denied);
  expect(await ask().whoIs("100.64.0.1", 1)).toEqual(denied);
  expect(await ask().watch(() => {}, noSignal)).toMatchObject({ ok: false, problem: { kind: "no-permission" } });
});

test.runIf(process.getuid?.() !== 0)("TN-8 a socket that is not ours to open: no-permission", async () => {
  chmodSync(tailnet.path, 0o000);
  expect(await ask().status()).toEqual({ ok: false, problem: { kind: "no-permission", text: "" } });
});

test("TN-8 no answer in time: timeout; connections closed under a question: disconnected", async () => {
  const release = tailnet.hold("whois");
  expect(await ask({ whoIsTimeout: 20 }).whoIs("100.64.0.1", 1)).toEqual({ ok: false, problem: { kind: "timeout" } });
  const api = ask();
  const asked = api.whoIs("100.64.0.1", 1);
  await expect.poll(() => tailnet.asked.length, { timeout: PATIENCE }).toBe(2);
  api.close();
  expect(await asked).toEqual({ ok: false, problem: { kind: "disconnected" } });
  expect(await api.status()).toEqual({ ok: false, problem: { kind: "disconnected" } });
  release();
});

test.each([
  ["an error", 500, "no netmap available", { kind: "http", status: 500, text: "no netmap available" }],
  ["no JSON", 200, "<html>", { kind: "malformed", text: "not JSON" }],
  ["too much", 200, `"${"a".repeat(300 * 1024)}"`, { kind: "malformed", text: "an answer of more than 262144 bytes" }],
])("TN-8 %s for an answer is a problem of its own", async (_name, status, body, problem) => {
  const port = await listenOnLoopback((_request, response) => response.writeHead(status).end(body));
  const answer = await ask({ find: () => Promise.resolve([{ kind: "loopback", port, token: "" }]) }).whoIs("::1", 1);
  expect(answer).toMatchObject({ ok: false, problem });
});

test("TN-10 of a flood of who-is questions a few are asked at once, some wait, the rest are busy; then all is well", async () => {
  const release = tailnet.hold("whois");
  const api = ask({ whoIsAtOnce: 2, whoIsWaiting: 3 });
  const answers = Array.from({ length: 8 }, (_, port) => api.whoIs("100.64.0.1", port));
  const busy = await Promise.all(answers.slice(5));
  expect(busy).toEqual(Array.from({ length: 3 }, () => ({ ok: false, problem: { kind: "busy" } })));
  await expect.poll(() => tailnet.asked.length, { timeout: PATIENCE }).toBe(2);
  release();
  expect((await Promise.all(answers.slice(0, 5))).every(({ ok }) => ok)).toBe(true);
  expect(tailnet.asked.length).toBe(5);
  expect(await api.whoIs("100.64.0.1", 9)).toMatchObject({ ok: true });
});

test("TN-10 a question whose time is over while it waits for its turn is a timeout and is not asked", async () => {
  const release = tailnet.hold("whois");
  const api = ask({ whoIsAtOnce: 1, whoIsTimeout: 30 });
  const answers = await Promise.all([api.whoIs("100.64.0.1", 1), api.whoIs("100.64.0.1", 2)]);
  expect(answers).toEqual(Array.from({ length: 2 }, () => ({ ok: false, problem: { kind: "timeout" } })));
  expect(tailnet.asked.filter((line) => line.includes("whois")).length).toBeLessThanOrEqual(2);
  release();
});

test("TN-11 a tailscaled that restarted is asked again as if nothing had been", async () => {
  const api = ask();
  expect(await api.status()).toMatchObject({ ok: true });
  await tailnet.goAway();
  expect(await api.status()).toEqual({ ok: false, problem: { kind: "absent" } });
  await tailnet.comeBack();
  expect(await api.status()).toMatchObject({ ok: true });
});

test("TN-11 an idle connection that tailscaled closes as we take it up costs no answer", async () => {
  const served = new Set<Socket>();
  const port = await listenOnLoopback((request, response) => {
    if (served.has(request.socket)) {
      request.socket.destroy();
      return;
    }
    served.add(request.socket);
    response.end(JSON.stringify({ BackendState: "Stopped" }));
  });
  const api = ask({ find: () => Promise.resolve([{ kind: "loopback", port, token: "" }]) });
  expect(await api.status()).toMatchObject({ ok: true });
  expect(await api.status()).toMatchObject({ ok: true });
  expect(served.size).toBe(2);
});

test("TN-11 when the token has changed, it is looked for again", async () => {
  let token = "old";
  const port = await listenOnLoopback((request, response) => {
    const given = Buffer.from(request.headers.authorization?.slice("Basic ".length) ?? "", "base64").toString();
    response.writeHead(given === `:${token}` ? 200 : 401).end(JSON.stringify({ BackendState: "Stopped" }));
  });
  const find = (): Promise<readonly Endpoint[]> => Promise.resolve([{ kind: "loopback", port, token }]);
  const api = ask({ find });
  expect(await api.status()).toMatchObject({ ok: true });
  token = "new";
  expect(await api.status()).toMatchObject({ ok: true });
});

test("TN-11 of several places the first that answers is asked; if none does, the first problem that tells something is told", async () => {
  const elsewhere: Endpoint = { kind: "socket", path: `${tailnet.path}-other` };
  const here: Endpoint = { kind: "socket", path: tailnet.path };
  expect(await ask({ find: () => Promise.resolve([elsewhere, here]) }).status()).toMatchObject({ ok: true });
  tailnet.forbid();
  expect(await ask({ find: () => Promise.resolve([elsewhere, here, elsewhere]) }).status()).toMatchObject({
    ok: false,
    problem: { kind: "no-permission" },
  });
  expect(await ask({ find: () => Promise.resolve([]) }).status()).toEqual({ ok: false, problem: { kind: "absent" } });
});

test("TN-16 the bus tells of each change until it ends", async () => {
  const { promise: first, resolve: heardFirst } = Promise.withResolvers<void>();
  const { promise: second, resolve: heardSecond } = Promise.withResolvers<void>();
  let news = 0;
  const watch = ask().watch(() => {
    news += 1;
    (news === 1 ? heardFirst : heardSecond)();
  }, noSignal);
  await first;
  tailnet.setState("Stopped");
  await second;
  await tailnet.goAway();
  expect(await watch).toEqual({ ok: false, problem: { kind: "disconnected" } });
});

test("TN-16 a watch ends when its listener wants no more", async () => {
  const wanted = new AbortController();
  expect(await ask().watch(() => wanted.abort(), wanted.signal)).toEqual({ ok: true, value: null });
  expect(await ask().watch(() => {}, AbortSignal.abort())).toEqual({ ok: true, value: null });
});
