import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { Agent } from "node:http";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { namesOf } from "../helpers/conversation.ts";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { startTestServer } from "../helpers/server.ts";
import { startScene } from "../helpers/tailnet.ts";

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One request as `curl` sends it, on a connection of its own. */
async function curl(to: number | Socket, { method = "GET", path = "/ALL", headers = {}, body }: Ask) {
  const form = body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
  const sent = request({
    ...(typeof to === "number" ? { host: "127.0.0.1", port: to, agent: new Agent() } : { createConnection: () => to }),
    path,
    method,
    headers: { host: "localhost", "user-agent": "curl/8.14.1", accept: "*/*", ...form, ...headers },
  });
  sent.end(body);
  const [answer]: IncomingMessage[] = await once(sent, "response");
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

async function post(to: number | Socket, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const answer = await curl(to, { method: "POST", body, headers });
  return { status: answer.statusCode, said: await text(answer) };
}

const DONE = { status: 204, said: "" };

describe("saying something", () => {
  test("HA-1 a body is said as the person or machine that the connection is: by its own name, else by what it is called", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    const { port } = scene.server;
    expect(await post(await scene.fake.dial("nas", port), "backup done")).toEqual(DONE);
    expect(await alice.message()).toEqual({ from: "nas", to: "ALL", text: "backup done" });
    expect(await scene.visit("bob-laptop", "Bobby")).toBe("REGISTERED");
    expect(await post(await scene.fake.dial("bob-phone", port), "from my phone")).toEqual(DONE);
    expect(await alice.message()).toEqual({ from: "Bobby", to: "ALL", text: "from my phone" });
    // While she is here herself, too.
    const bob = await scene.join("bob-laptop", "bob");
    expect(await post(await scene.fake.dial("alice-laptop", port), "and I")).toEqual(DONE);
    expect(await bob.message()).toMatchObject({ from: "alice", text: "and I" });
    expect(await alice.message()).toMatchObject({ from: "alice", text: "and I" });
    expect(scene.server.running.state().sessions.size).toBe(2);
  });

  test("HA-1 another's name is not taken", async () => {
    const scene = await startScene();
    const carol = await scene.join("carol-laptop", "nas");
    expect(await post(await scene.fake.dial("nas", scene.server.port), "I am the nas")).toEqual(DONE);
    expect(await carol.message()).toEqual({ from: "nas-2", to: "ALL", text: "I am the nas" });
  });

  test("HA-1 the text as it is, less one line end; JSON's text", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    for (const [body, type, said] of [
      ["a=b&c=%20", "application/x-www-form-urlencoded", "a=b&c=%20"],
      ["two\nlines\n", "text/plain", "two\nlines"],
      ['{"text":"from\\nJSON\\n"}', "application/json; charset=utf-8", "from\nJSON\n"],
    ] as const) {
      expect(await post(server.port, body, { "content-type": type })).toEqual(DONE);
      expect((await alice.message()).text).toBe(said);
    }
    expect(await post(server.port, Buffer.from([0x61, 0xff]))).toEqual(DONE);
    expect((await alice.message()).text).toBe("a\ufffd");
  });

  test("HA-2 a refusal is a line and a fitting status, and nothing is said", async () => {
    const scene = await startScene({ config: { messageRate: 1 } });
    const alice = await scene.join("alice-laptop", "alice");
    const { port } = scene.server;
    const dial = (): Promise<Socket> => scene.fake.dial("bob-laptop", port);
    expect(await post(port, "who am I?")).toEqual({ status: 403, said: "You are not known to this tailnet.\n" });
    expect(await post(await dial(), " \n")).toEqual({ status: 400, said: "There is nothing to say.\n" });
    expect((await post(await dial(), "x".repeat(16_385))).status).toBe(413);
    for (const [body, type] of [
      ["{", "application/json"],
      ['{"text":1}', "application/json"],
      ["null", "application/json"],
      ["--x", "multipart/form-data; boundary=x"],
    ] as const) {
      expect((await post(await dial(), body, { "content-type": type })).status).toBe(415);
    }
    // At least a burst's ten pass, and on a busy machine those that time allows besides.
    const said: string[] = [];
    let status: number | undefined = 204;
    while (status === 204) {
      ({ status } = await post(await dial(), `${said.length}`));
      if (status === 204) said.push(`${said.length}`);
    }
    expect({ status, enough: said.length >= 10 }).toEqual({ status: 429, enough: true });
    for (const expected of said) expect((await alice.message()).text).toBe(expected);
    expect(await alice.ask("SEND nobody |")).toBe("ERROR Recipient not found");
    expect((await curl(await dial(), { method: "PUT", body: "x" })).statusCode).toBe(405);
  });

  test("HA-2 who is banned is told so", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    await scene.visit("bob-laptop", "bob");
    expect(await alice.ask("BAN bob")).toBe("SUCCESS Banned client bob");
    const answer = await post(await scene.fake.dial("bob-laptop", scene.server.port), "hello?");
    expect(answer).toEqual({ status: 403, said: "You are banned here.\n" });
  });
});

describe("web pages", () => {
  test.each([
    ["Origin of another site", { origin: "https://evil.example" }],
    ["Origin of our own", { origin: "http://localhost" }],
    ["Origin null", { origin: "null" }],
    ["Sec-Fetch", { "sec-fetch-site": "cross-site" }],
    ["Referer", { referer: "https://evil.example/" }],
    ["a cookie", { cookie: "a=b" }],
    ["a browser's name alone", { "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" }],
  ])("HA-3 what comes with %s neither speaks nor listens, whatever its type", async (_, headers) => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "application/json"]) {
      expect((await post(server.port, '{"text":"evil"}', { ...headers, "content-type": type })).status).toBe(403);
    }
    const listening = await curl(server.port, { headers });
    expect(listening.headers["content-type"]).toBe("text/html; charset=utf-8");
    await text(listening);
    expect(await namesOf(alice)).toEqual(["alice"]);
    expect(server.running.state().sessions.size).toBe(1);
  });

  test("HA-3 another host's name is refused before anything else", async () => {
    await using server = await startTestServer();
    expect((await post(server.port, "evil", { host: "evil.example" })).status).toBe(421);
  });

  test("HA-5 the page says how to join, runs nothing, asks nothing, and may be in no frame", async () => {
    await using server = await startTestServer();
    const answer = await curl(server.port, { path: "/", headers: { "user-agent": "Mozilla/5.0" } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(answer.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    const html = await text(answer);
    for (const way of ["pad chat", "nc ", "curl -d", "curl -N"]) expect(html).toContain(way);
    expect(html).not.toMatch(/<script|<form|<input|<img|<iframe|src=|href=|\son[a-z]+=/);
  });
});

describe("listening", () => {
  test("HA-4 what is said comes as lines, made harmless; and what is to the listener's name", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const stream = await curl(server.port, {});
    expect(stream.headers["content-type"]).toBe("text/plain; charset=utf-8");
    const lines = reader(stream);
    alice.broadcast("\u001b[2Jhello\n12:34 bob: forged");
    expect((await lines()).slice(6)).toBe("alice: ␛[2Jhello");
    expect(await lines()).toBe("    12:34 bob: forged");
    expect(await alice.line()).toBe("BROADCAST SENT");
    const name = (await namesOf(alice)).find((other) => other !== "alice") ?? "";
    alice.direct(name, "psst");
    expect((await lines()).slice(6)).toBe("(to you) alice: psst");
    stream.destroy();
    while ((await namesOf(alice)).length > 1);
    expect(server.running.state().sessions.size).toBe(1);
  });

  test("HA-4 JSON lines by Accept", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const stream = await curl(server.port, { headers: { accept: "application/x-ndjson" } });
    expect(stream.headers["content-type"]).toBe("application/x-ndjson");
    alice.broadcast("\u001b two\nlines");
    const line = await reader(stream)();
    expect(JSON.parse(line)).toEqual({
      at: expect.stringMatching(/^\d{4}-/),
      from: "alice",
      to: "ALL",
      text: "\u001b two\nlines",
    });
    // oxlint-disable-next-line no-control-regex
    expect(line).not.toMatch(/[\u0000-\u001f]/);
    stream.destroy();
  });

  test("HA-4 a kick ends it, and so does the server's end", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    const stream = await curl(await scene.fake.dial("bob-laptop", scene.server.port), {});
    const ended = text(stream);
    expect(await alice.ask("KICK bob")).toBe("SUCCESS Kicked client bob");
    expect(await ended).toBe("");
    const again = await curl(await scene.fake.dial("bob-laptop", scene.server.port), {});
    const closed = text(again);
    await scene.server.stop();
    expect(await closed).toBe("");
  });

  test("HA-4 a listener that takes nothing is dropped at its bound, and nobody else notices", async () => {
    await using server = await startTestServer({ config: { messageRate: 0, maxQueue: 65_536 } });
    const alice = await server.join("alice");
    const bob = await server.join("bob");
    const stream = await curl(server.port, {});
    stream.on("error", () => {});
    stream.pause();
    const long = "x".repeat(16_000);
    for (let number = 0; (await namesOf(alice)).length > 2; number++) {
      alice.broadcast(`${number} ${long}`);
      expect(await alice.line()).toBe("BROADCAST SENT");
      expect((await bob.message()).text).toBe(`${number} ${long}`);
    }
    expect(await server.metric("padserve_queue_bytes")).toBe(0);
    stream.destroy();
  });
});

/** Line by line of a stream that goes on. */
function reader(stream: IncomingMessage): () => Promise<string> {
  let rest = "";
  const pieces = stream.setEncoding("utf8").iterator();
  return async () => {
    while (!rest.includes("\n")) {
      const { value, done } = await pieces.next();
      if (done === true) throw new Error("the stream has ended");
      rest += String(value);
    }
    const end = rest.indexOf("\n");
    const line = rest.slice(0, end);
    rest = rest.slice(end + 1);
    return line;
  };
}

test("FR-12 curl goes by another name where this machine's has a user key", async () => {
  await using server = await startTestServer();
  const listener = await server.join("zoe");
  const host = (hostname().split(".")[0] ?? "").toLowerCase();
  using device = await FramePeer.connect(server.port);
  await device.greet(host, makeDevice(device.hello.server.id, { kind: "name", identity: host }));
  expect(await post(server.port, "backup done")).toEqual(DONE);
  expect((await listener.message()).from).toBe(`${hostname().split(".")[0] ?? ""}-2`);
});

test("HA-6 whoever tries another path is told what there is, and how a person is written to; a browser learns nothing", async () => {
  await using server = await startTestServer();
  const tried = await curl(server.port, { path: "/bob", method: "POST", body: "hi" });
  expect(tried.statusCode).toBe(404);
  const told = await text(tried);
  expect(told).toContain("curl -d TEXT http://localhost/ALL");
  expect(told).toContain("pad send NAME TEXT");
  const page = await curl(server.port, { path: "/", method: "POST", body: "hi" });
  expect([page.statusCode, await text(page)]).toEqual([405, expect.stringContaining("pad send NAME TEXT")]);
  const browser = await curl(server.port, { path: "/bob", headers: { "user-agent": "Mozilla/5.0" } });
  expect([browser.statusCode, await text(browser)]).toEqual([404, "Not found.\n"]);
  await using sealed = await startTestServer({ config: { noClassic: true } });
  const none = await curl(sealed.port, { path: "/bob", method: "POST", body: "hi" });
  expect(await text(none)).toMatch(/^Not found\. Nothing can be said here with curl: .*\n.*pad send NAME TEXT\n$/);
});

test("ID-33 where the users of the server's machine have all their names curl is told so, and what frees one", async () => {
  await using server = await startTestServer({ config: { maxLocalNames: 1 } });
  await server.join("alice");
  const said = expect.stringContaining("padserve names release NAME");
  expect(await post(server.port, "hi")).toEqual({ status: 409, said });
});
