import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { OutgoingHttpHeaders } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { assert, asyncProperty, integer, ipV4, ipV6, oneof } from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { startFakeLocalApi, type FakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import { createLocalApi, type LocalApi } from "./client.ts";
import type { Dialled } from "./dial.ts";
import type { Outcome } from "./outcome.ts";

const CHAT = ["chat", "CHAT.tail1234.ts.net.", "100.64.0.1", "fd7a:115c:a1e0::1"] as const;
const noSignal = new AbortController().signal;

test.each(CHAT)("TN-20 %s is dialled by tailscaled in userspace mode, and bytes go both ways", async (host) => {
  const { fake, api } = await userspace();
  const { port, connections } = await listening();
  fake.listens("chat", 12_345, port);
  const stream = connected(await api.dial(host, 12_345, noSignal));
  const there = await connections.next();
  stream.write("ping");
  expect(String((await once(there, "data"))[0])).toBe("ping");
  there.end("pong");
  expect(String((await once(stream, "data"))[0])).toBe("pong");
  await once(stream, "close");
  expect(fake.asked).toEqual(["POST /localapi/v0/dial"]);
});

test("TN-20 what the server says at once, together with tailscaled's answer, is not lost", async () => {
  const api = await answering(101, { Connection: "upgrade", Upgrade: "ts-dial" }, "hello");
  const stream = connected(await api.dial("chat", 1, noSignal));
  expect(String((await once(stream, "data"))[0])).toBe("hello");
  stream.destroy();
});

test("TN-20 a connection outlives the signal and the time that were for making it, and the asker's end", async () => {
  const { fake, api } = await userspace();
  const { port, connections } = await listening();
  fake.listens("chat", 12_345, port);
  const timeout = new AbortController();
  const stream = connected(await api.dial("chat", 12_345, timeout.signal));
  const there = await connections.next();
  timeout.abort();
  api.close();
  there.write("still here");
  expect(String((await once(stream, "data"))[0])).toBe("still here");
  stream.destroy();
});

test.each([
  ["nobody", "ENOTFOUND"],
  ["chat", "ECONNREFUSED"],
])("TN-21 %s, where nobody is to be reached, comes to %s", async (host, code) => {
  const { api } = await userspace();
  expect(await api.dial(host, 12_345, noSignal)).toEqual({ ok: true, value: { kind: "failed", code } });
});

test.each([
  ["dial failure: lookup nobody on 127.0.0.53:53: no such host", "ENOTFOUND"],
  ["dial failure: connect tcp 100.64.0.3:12345: operation timed out", "EHOSTUNREACH"],
  ["", "EHOSTUNREACH"],
])("TN-21 tailscaled's %j comes to %s", async (words, code) => {
  const api = await answering(502, {}, words);
  expect(await api.dial("chat", 1, noSignal)).toEqual({ ok: true, value: { kind: "failed", code } });
});

test("TN-21 what is not the tailnet's, and our own address on an interface, is left to us", async () => {
  const { fake, api } = await userspace();
  expect(await api.dial("192.0.2.7", 12_345, noSignal)).toEqual(yourself("192.0.2.7"));
  expect(await api.dial("localhost", 12_345, noSignal)).toEqual(yourself("127.0.0.1"));
  fake.setMode("tun");
  expect(await api.dial("chat", 12_345, noSignal)).toEqual(yourself("100.64.0.1"));
  expect(await api.dial("2001:db8::7", 12_345, noSignal)).toEqual(yourself("2001:db8::7"));
});

test("TN-21 no answer in time, a wish withdrawn, no permission, and no tailscaled are problems of their own", async () => {
  const impatient = await userspace({ dialTimeout: 20 });
  impatient.fake.hold("dial");
  expect(await impatient.api.dial("chat", 1, noSignal)).toEqual({ ok: false, problem: { kind: "timeout" } });
  const { fake, api } = await userspace();
  const release = fake.hold("dial");
  expect(await api.dial("chat", 1, AbortSignal.abort())).toEqual({ ok: false, problem: { kind: "timeout" } });
  release();
  fake.forbid("no");
  expect(await api.dial("chat", 1, noSignal)).toEqual({ ok: false, problem: { kind: "no-permission", text: "no" } });
  await fake.goAway();
  expect(await api.dial("chat", 1, noSignal)).toEqual({ ok: false, problem: { kind: "absent" } });
});

test("TN-21 an address that tailscaled leaves to us is read as it is written; whatever else it says is a problem", async () => {
  let dialAddress = "";
  const api = await answering(200, () => ({ "Dial-Self": "true", "Dial-Addr": dialAddress }));
  const host = oneof(ipV4(), ipV6());
  await assert(
    asyncProperty(host, integer({ min: 0, max: 65_535 }), async (address, port) => {
      dialAddress = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
      const value = { kind: "yourself", host: address, port };
      expect(await api.dial("chat", 1, noSignal)).toEqual({ ok: true, value });
    }),
    { numRuns: 30 },
  );
  for (dialAddress of ["", "nonsense", "100.64.0.1", "fd7a::1:12345", "[]:1", "1.2.3.4:123456"]) {
    expect(await api.dial("chat", 1, noSignal)).toEqual({
      ok: false,
      problem: { kind: "http", status: 200, text: "" },
    });
  }
});

function yourself(host: string): Outcome<Dialled> {
  return { ok: true, value: { kind: "yourself", host, port: 12_345 } };
}

async function userspace({ dialTimeout }: { readonly dialTimeout?: number } = {}) {
  const fake: FakeLocalApi = await startFakeLocalApi();
  fake.setMode("userspace");
  const find = () => Promise.resolve([{ kind: "socket", path: fake.path } as const]);
  const api = createLocalApi({ find, ...(dialTimeout !== undefined && { dialTimeout }) });
  onTestFinished(async () => {
    api.close();
    await fake.stop();
  });
  return { fake, api };
}

/** A tailscaled on a port, which says the same to every question. */
async function answering(
  status: number,
  headers: OutgoingHttpHeaders | (() => OutgoingHttpHeaders),
  body = "",
): Promise<LocalApi> {
  const server = createHttpServer().listen(0, "127.0.0.1");
  const current = () => (typeof headers === "function" ? headers() : headers);
  server.on("upgrade", (_request, socket: Socket) => {
    const lines = Object.entries(current()).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const length = status === 101 ? "" : `Content-Length: ${body.length}\r\nConnection: close\r\n`;
    socket.end(`HTTP/1.1 ${status} Answer\r\n${lines.join("")}${length}\r\n${body}`);
  });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const port = portOf(server);
  return createLocalApi({ find: () => Promise.resolve([{ kind: "loopback", port, token: "" }]) });
}

/** A server, and its connections in the order in which they come. */
async function listening() {
  const server = createServer().listen(0, "127.0.0.1");
  const arrivals: Socket[] = [];
  server.on("connection", (socket) => arrivals.push(socket));
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of arrivals) socket.destroy();
  });
  const connections = {
    async next(): Promise<Socket> {
      for (;;) {
        const socket = arrivals.shift();
        if (socket !== undefined) return socket;
        await once(server, "connection");
      }
    },
  };
  return { port: portOf(server), connections };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? (address satisfies AddressInfo).port : 0;
}

function connected(outcome: Outcome<Dialled>) {
  if (!outcome.ok || outcome.value.kind !== "connected") throw new Error(`not connected: ${JSON.stringify(outcome)}`);
  return outcome.value.stream;
}
