/** Messages that never end: what they hold is bounded for each peer, and nobody else waits for them. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { helloText, rawFrame, upgradeRaw } from "../helpers/raw-frames.ts";
import { startAbuse } from "./scene.ts";

const MEGABYTE = 1024 * 1024;

test("AB-9 bystanders of 100 connections of one peer, each with 2 MiB of a message that never ends", async () => {
  const { server, port, talk } = await startAbuse();
  await talk(5);
  const before = await server.measure();
  const half = rawFrame(Buffer.alloc(2 * MEGABYTE - 1, "x"), { claimed: 2 * MEGABYTE });
  const all = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const raw = await upgradeRaw(port, [rawFrame(helloText("mallory"))]);
      await raw.until('"type":"reply","id":1');
      raw.socket.write(half);
      return raw;
    }),
  );
  await talk(20);
  const after = await server.measure();
  // 200 MiB were sent.
  expect(after.mostMemory - before.mostMemory).toBeLessThan(80 * MEGABYTE);
  for (const { socket } of all) {
    if (!socket.closed) {
      socket.destroy();
      await once(socket, "close");
    }
  }
  const again = await upgradeRaw(port, [rawFrame(helloText("mallory"))]);
  await again.until('"type":"reply","id":1');
  again.socket.write(rawFrame(JSON.stringify({ id: 2, type: "nothing", body: "x".repeat(MEGABYTE) })));
  await again.until('"type":"refused","id":2');
  expect(again.heard()).toContain('"type":"refused","id":2');
});
