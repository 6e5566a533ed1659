/**
 * Whatever one peer does, two others beside it lose nothing, and the server grows by no more than its bounds. Nothing here asks how long
 * anything took: `npm run bench -- --only abuse` tells that.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { startServe } from "../helpers/serve.ts";
import { startScene } from "../helpers/tailnet.ts";
import { UPGRADE } from "../helpers/raw-frames.ts";
import { startAbuse } from "./scene.ts";

const MEGABYTE = 1024 * 1024;

/** A connection that says the same again and again, as fast as it is read, and reads (or not) what comes. */
async function flood(port: number, start: string, block: string | Buffer, reads = true): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  if (reads) socket.resume();
  else socket.pause();
  const bytes = Buffer.from(block);
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on("drain", more);
  socket.write(start, more);
  return socket;
}

function floods(count: number, port: number, start: (index: number) => string, block: string | Buffer, reads = true) {
  return Promise.all(Array.from({ length: count }, (_, index) => flood(port, start(index), block, reads)));
}

const none = (): string => "";

/** Masked, as a client must; with nothing in it. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const FIRST_FRAGMENT = Buffer.from([0x01, 0x80, 0, 0, 0, 0]);
const FRAGMENT = Buffer.from([0x00, 0x80, 0, 0, 0, 0]);

test.each([
  ["pipelined requests for nothing", "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", true],
  ["pipelined requests for metrics", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", true],
  ["the same by who reads no answer", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", false],
  ["posts to the open room", "POST /ALL HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi", true],
])("AB-1 bystanders of HTTP: %s, on 60 connections", async (_, request, reads) => {
  const { server, port, talk } = await startAbuse();
  await talk(20);
  const before = await server.measure();
  await floods(60, port, none, request.repeat(500), reads);
  await talk(20);
  const after = await server.measure();
  expect(after.mostMemory - before.mostMemory).toBeLessThan(150 * MEGABYTE);
});

test("AB-2 bystanders of commands that are none of the sender's: the log grows by lines in a while", async () => {
  const { port, program } = await startServe();
  using alice = await ClassicPeer.connect(port);
  await alice.setUp("alice");
  using bob = await ClassicPeer.connect(port);
  await bob.setUp("bob");
  await floods(4, port, none, `KICK ${"a".repeat(60_000)}\nBAN \u001b]0;x\u0007\n`);
  for (let number = 0; number < 50; number++) {
    alice.direct("bob", `${number}`);
    expect(await bob.message()).toMatchObject({ text: `${number}` });
  }
  program.kill("SIGTERM");
  const { code, stderr } = await program.exited;
  expect(code).toBe(0);
  expect(stderr.length).toBeLessThan(20_000);
  expect(stderr).not.toContain("aaaa");
  expect(stderr).not.toContain("\\u001b");
});

test.each([
  ["pongs that nobody asked for", Buffer.alloc(6 * 10_000, PONG)],
  ["a message of empty fragments", Buffer.concat([FIRST_FRAGMENT, Buffer.alloc(6 * 10_000, FRAGMENT)])],
])("AB-8 bystanders of frames that are no messages: %s", async (_, frames) => {
  const { port, talk } = await startAbuse();
  await talk(20);
  const sockets = await floods(16, port, () => UPGRADE, frames);
  // Some are reset, which `once` would take for a failure.
  await Promise.all(
    sockets.map(async (socket) => {
      if (!socket.closed) await new Promise((resolve) => void socket.once("close", resolve));
    }),
  );
  await talk(20);
});

test("AB-8 who is refused an upgrade and goes on sending is closed all the same", async () => {
  const { port, talk } = await startAbuse();
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.resume();
  socket.write(UPGRADE.replace("/frames", "/elsewhere"));
  const dribble = setInterval(() => socket.write("x"), 200);
  await new Promise((resolve) => void socket.once("close", resolve));
  clearInterval(dribble);
  await talk(5);
});

test("AB-4 bystanders of questions in a loop, over each protocol, with many present", async () => {
  const { server, port, join, talk } = await startAbuse();
  for (let count = 0; count < 40; count++) await join(`guest-${count}`);
  await talk(20);
  const before = await server.measure();
  await floods(16, port, (index) => `REGISTER list-${index % 2}\n`, "LIST\n".repeat(1000));
  await floods(16, port, () => "\nplain\n", "/who\n/help\n".repeat(500));
  await talk(40);
  const after = await server.measure();
  expect(after.mostMemory - before.mostMemory).toBeLessThan(100 * MEGABYTE);
});

test("AB-4 bystanders of who asks and reads no answer", async () => {
  const { server, port, talk } = await startAbuse();
  const before = await server.measure();
  await floods(16, port, () => "\nplain\n", "/who\n/help\n".repeat(500), false);
  await talk(20);
  const after = await server.measure();
  expect(after.mostMemory - before.mostMemory).toBeLessThan(150 * MEGABYTE);
});

test("AB-5 bystanders of names claimed in a loop", async () => {
  const { port, connect: open, talk } = await startAbuse();
  for (let number = 0; number < 150; number++) {
    const peer = await open();
    peer.say(`REGISTER name-${number}`);
    await peer.line();
    peer.socket.destroy();
  }
  expect(port).toBeGreaterThan(0);
  await talk(5);
});

test("AB-6 bystanders of the longest broadcasts that are admitted, among readers that stopped: who reads stays, what waits is bounded", async () => {
  const maxQueue = 256 * 1024;
  const { server, join, talk } = await startAbuse({ maxQueue });
  for (let count = 0; count < 40; count++) (await join(`stopped-${count}`)).socket.pause();
  const slow = await join("slow");
  slow.socket.pause();
  await talk(5);
  const before = await server.measure();
  const senders = await Promise.all(Array.from({ length: 8 }, (_, index) => join(`sender-${index}`)));
  const text = "x".repeat(32_000);
  let taken = 0;
  for (let round = 0; round < 10; round++) {
    for (const sender of senders) {
      sender.broadcast(text);
      let answer = await sender.line();
      while (answer.startsWith("BROADCAST from")) answer = await sender.line();
      if (answer === "BROADCAST SENT") taken++;
    }
    // Reads on, far behind.
    slow.socket.resume();
    await talk(1);
    slow.socket.pause();
  }
  expect(taken).toBeGreaterThan(8);
  slow.socket.resume();
  for (let heard = 0; heard < taken; heard++) expect((await slow.message()).text).toBe(text);
  await talk(5);
  const after = await server.measure();
  // 128 queues, and as much again for what is on its way.
  expect(after.mostMemory - before.mostMemory).toBeLessThan(2 * 128 * maxQueue + 100 * MEGABYTE);
});

test("AB-7 bystanders of silent sockets of one member, in userspace mode: others come in, and talk", async () => {
  const scene = await startScene({ config: { maxPerIdentity: 8, maxConnections: 40 } });
  const alice = await scene.join("alice-laptop", "alice");
  const silent = await Promise.all(Array.from({ length: 400 }, () => scene.fake.dial("bob-laptop", scene.server.port)));
  const carol = await scene.join("carol-laptop", "carol");
  for (let number = 0; number < 20; number++) {
    alice.direct("carol", `${number}`);
    expect(await carol.message()).toMatchObject({ text: `${number}` });
  }
  for (const socket of silent) socket.destroy();
});
