import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import type { Measures } from "../helpers/measured-server.ts";
import { startServerProcess, type ServerProcess } from "../helpers/server-process.ts";

const MEGABYTE = 1024 * 1024;
const BYTES_PER_CONNECTION = 100;

test("SC-40 after 5,000 connections that came and went, heap, handles and the server's own maps are back where they were", async () => {
  await using server = await startServerProcess();
  await comeAndGo(server, 2_000);
  const before = await server.measureUntil(isEmpty);
  await comeAndGo(server, 5_000);
  const after = await server.measureUntil(isEmpty);
  expect(after.maps).toEqual({ sessions: 0, online: 0, identities: 0 });
  expect(after.alive.sockets).toBeLessThan(10);
  expect(after.waiting.timers).toBeLessThan(10);
  // Without any leak it varies by half of that.
  expect((await smallestHeap(server)) - before.heap).toBeLessThan(5_000 * BYTES_PER_CONNECTION);
});

test("SC-41 a line of 300 MB is refused at the limit, and the server's memory stays as it is", async () => {
  await using server = await startServerProcess();
  const before = await server.measure();
  // A client that goes on although it was told and closed.
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  const peer = new ClassicPeer(socket);
  const block = Buffer.alloc(MEGABYTE, "x");
  for (let sent = 0; sent < 300 && !socket.destroyed; sent++) {
    await new Promise((resolve) => void socket.write(block, resolve));
  }
  expect(await peer.line()).toBe("ERROR Line too long");
  socket.end();
  expect(await peer.closed()).toEqual([]);
  const after = await server.measureUntil(isEmpty);
  // What was read and thrown away lies about until the collector comes.
  expect(after.mostMemory - before.mostMemory).toBeLessThan(150 * MEGABYTE);
});

/** Fifty at once, in all the ways in which one comes and goes. */
async function comeAndGo({ port }: ServerProcess, count: number): Promise<void> {
  for (let done = 0; done < count; done += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, number) => visit(port, number)));
  }
}

async function visit(port: number, number: number): Promise<void> {
  const peer = await ClassicPeer.connect(port);
  switch (number % 5) {
    case 0:
      peer.socket.end();
      break;
    case 1:
      peer.socket.resetAndDestroy();
      break;
    case 2:
      peer.say("LIST", "EXIT");
      break;
    case 3:
      peer.say(`REGISTER visitor-${number}`);
      await peer.line();
      peer.socket.resetAndDestroy();
      break;
    default:
      await peer.setUp(`guest-${number}`);
      peer.broadcast("hello");
      peer.say("EXIT");
  }
  await peer.closed();
}

/** Of a few: what the last connections left is not all collected at once. */
async function smallestHeap(server: ServerProcess): Promise<number> {
  let smallest = Infinity;
  for (let look = 0; look < 5; look++) smallest = Math.min(smallest, (await server.measure()).heap);
  return smallest;
}

function isEmpty({ maps, alive, waiting }: Measures): boolean {
  return maps.sessions === 0 && alive.sessions === 0 && waiting.connections === 0;
}
