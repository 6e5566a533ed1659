import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { rawFrame } from "../../test/helpers/raw-frames.ts";
import type { ConnectionHandler } from "./connection.ts";
import { FrameConnection } from "./frame-connection.ts";

test("NE-21 more frames for a reader that takes nothing don't change how much was taken", async () => {
  const { connection, client } = await connect();
  client.pause();
  const frame = "x".repeat(256 * 1024);
  // Until the buffers of both kernels are full, and a turn later still.
  for (let queued = -1; connection.queued === 0 || connection.queued !== queued;) {
    connection.send(frame);
    connection.flush();
    queued = connection.queued;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const before = connection.taken;
  expect(before).toBeGreaterThan(0);
  for (let i = 0; i < 100; i++) connection.send("short");
  connection.flush();
  expect(connection.taken).toBe(before);
});

test("NE-7 frames of every length form arrive whole and in order, bytes and strings, also what two readers get", async () => {
  const [one, two] = [await connect(), await connect()];
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
  const texts = lengths.map((length) => "ä".repeat(length >> 1) + "x".repeat(length & 1));
  const payloads = texts.flatMap((text) => [text, Buffer.from(text)]);
  const heard = [one, two].map(({ client }) => {
    const messages: string[] = [];
    client.on("message", (data: Buffer) => void messages.push(data.toString()));
    return messages;
  });
  for (const payload of payloads) for (const { connection } of [one, two]) connection.send(payload);
  for (const { connection } of [one, two]) connection.flush();
  while (heard.some(({ length }) => length < payloads.length)) await new Promise((resolve) => setImmediate(resolve));
  const wanted = payloads.map(String);
  expect(heard).toEqual([wanted, wanted]);
});

test("NE-7 nothing follows a goodbye", async () => {
  const { connection, client } = await connect();
  const heard: string[] = [];
  client.on("message", (data: Buffer) => void heard.push(data.toString()));
  const closed = once(client, "close");
  connection.send("last");
  connection.end();
  connection.send("too late");
  connection.flush();
  expect((await closed)[0]).toBe(1000);
  expect(heard).toEqual(["last"]);
});

test("NE-33 a pause holds behind the message in which it was asked for, and nothing is lost or out of order", async () => {
  const heard: string[] = [];
  const { connection, client } = await connect({
    onMessage: (message) => {
      heard.push(message.toString());
      connection.pause();
      setImmediate(() => connection.resume());
    },
  });
  const texts = Array.from({ length: 200 }, (_, n) => `${n} ${"x".repeat((n * 37) % 900)}`);
  // In one write, so that all comes in a few blocks.
  const socket: Socket = Reflect.get(client, "_socket");
  socket.cork();
  for (const text of texts) client.send(text);
  socket.uncork();
  while (heard.length < texts.length) await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(texts);
});

test("NE-33 who is paused hands up nothing at all until it goes on", async () => {
  const heard: string[] = [];
  const unfinished: number[] = [];
  const { connection, client } = await connect({
    onMessage: (message) => {
      heard.push(message.toString());
      connection.pause();
    },
    onUnfinished: (bytes) => void unfinished.push(bytes),
  });
  const socket: Socket = Reflect.get(client, "_socket");
  socket.cork();
  for (const text of ["one", "two", "three"]) client.send(text);
  socket.uncork();
  while (unfinished.length === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(["one"]);
  // Two masked frames with headers of six bytes.
  expect(unfinished).toEqual([3 + 5 + 2 * 6]);
  connection.resume();
  while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect([heard, unfinished.at(-1)]).toEqual([["one", "two"], 5 + 6]);
});

test("NE-32 a message that says it will be too long is the last thing heard, before it has come", async () => {
  const tooLong = Promise.withResolvers<void>();
  const { connection, client } = await connect(
    {
      onTooLong: () => {
        tooLong.resolve();
        connection.end();
      },
    },
    1000,
  );
  const closed = once(client, "close");
  const socket: Socket = Reflect.get(client, "_socket");
  socket.write(rawFrame("", { claimed: 1001 }));
  await tooLong.promise;
  expect((await closed)[0]).toBe(1009);
});

test("NE-8 a reader of frames that stops is dropped when more than the limit waits, and its queue is freed", async () => {
  const closed = Promise.withResolvers<string>();
  const { connection, client } = await connect({ onClose: (reason) => closed.resolve(reason) }, undefined, {
    queueLimit: 1024 * 1024,
  });
  client.pause();
  const dropped = once(client, "close");
  let sent = 0;
  const isOver = closed.promise.then(() => true);
  while (!(await Promise.race([isOver, new Promise((resolve) => setImmediate(() => resolve(false)))]))) {
    connection.send("x".repeat(64 * 1024));
    connection.flush();
    sent += 1;
  }
  expect(await closed.promise).toBe("slow-reader");
  expect(connection.queued).toBe(0);
  expect(sent).toBeGreaterThan(16);
  client.resume();
  await dropped;
});

test("NE-9 whoever neither reads nor closes a connection of frames is dropped some time after it was ended", async () => {
  const closed = Promise.withResolvers<string>();
  const { connection, client } = await connect({ onClose: (reason) => closed.resolve(reason) }, undefined, {
    endTimeout: 10,
  });
  // It answers nothing, the goodbye neither.
  client.pause();
  connection.send("goodbye");
  connection.end();
  expect(await closed.promise).toBe("ended");
});

test("NE-35 whoever answers no ping until the next one is due is gone", async () => {
  const { connection, client, closed } = await connectWithPings({ autoPong: false });
  const pinged = once(client, "ping");
  nextPing();
  await pinged;
  nextPing();
  expect(await closed).toBe("timeout");
  expect(connection.queued).toBe(0);
});

test("NE-35 whoever answers stays, and so does whoever can't answer, since nothing is read of them", async () => {
  const { connection, client, closed, heard } = await connectWithPings();
  for (let turn = 0; turn < 3; turn += 1) {
    const pinged = once(client, "ping");
    nextPing();
    await pinged;
    client.send("behind the answer");
    await heard();
  }
  connection.pause();
  for (let turn = 0; turn < 3; turn += 1) {
    const pinged = once(client, "ping");
    nextPing();
    await pinged;
  }
  connection.resume();
  client.send("still here");
  await heard();
  const clientClosed = once(client, "close");
  connection.end();
  expect((await clientClosed)[0]).toBe(1000);
  expect(await closed).toBe("ended");
});

test("NE-36 a binary message ends the connection, and is not heard", async () => {
  const heard: string[] = [];
  const closed = Promise.withResolvers<string>();
  const { client } = await connect({
    onMessage: (message) => void heard.push(message.toString()),
    onClose: (reason) => closed.resolve(reason),
  });
  client.send("text");
  client.send(Buffer.from("bytes"), { binary: true });
  client.send("behind it");
  expect(await closed.promise).toBe("failed");
  expect(heard).toEqual(["text"]);
});

/** A connection that pings when `nextPing` says so. */
async function connectWithPings(options: { readonly autoPong?: boolean } = {}) {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const closed = Promise.withResolvers<string>();
  let hear = nothing;
  const handlers: Partial<ConnectionHandler> = {
    onMessage: () => hear(),
    onClose: (reason) => closed.resolve(reason),
  };
  const connected = await connect(handlers, undefined, options);
  const heard = async () => await new Promise<void>((resolve) => (hear = resolve));
  return { ...connected, closed: closed.promise, heard };
}

function nothing(): void {}

function nextPing(): void {
  vi.advanceTimersByTime(30_000);
}

async function connect(
  handlers: Partial<ConnectionHandler> = {},
  messageLimit?: number,
  {
    autoPong = true,
    ...ours
  }: { readonly autoPong?: boolean; readonly queueLimit?: number; readonly endTimeout?: number } = {},
): Promise<{ readonly connection: FrameConnection; readonly client: WebSocket }> {
  const server = createServer();
  const webSockets = new WebSocketServer({ noServer: true });
  const accepted = Promise.withResolvers<FrameConnection>();
  server.on("upgrade", (request, socket: Socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const handler = {
        onMessage: () => {},
        onUnfinished: () => {},
        onTooLong: () => {},
        onEnd: () => {},
        onDrain: () => {},
        onClose: () => {},
        ...handlers,
      };
      const limit = messageLimit === undefined ? {} : { messageLimit };
      const options = { queueLimit: 64 * 1024 * 1024, ...limit, ...ours };
      accepted.resolve(new FrameConnection(webSocket, socket, options, handler));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on an IP address
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong });
  const [connection] = await Promise.all([accepted.promise, once(client, "open")]);
  onTestFinished(() => {
    connection.destroy();
    client.terminate();
    server.close();
  });
  return { connection, client };
}
