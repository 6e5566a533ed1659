/** Frames by the byte, on raw sockets: what no client of ours would send. */
import { expect, test } from "vitest";
import { helloText, rawFrame, upgradeRaw } from "../helpers/raw-frames.ts";
import { startTestServer } from "../helpers/server.ts";

const KIB = 1024;

test("FR-13 before the hello a frame of more than 16 KiB ends the connection by what it says of itself, in whatever frames", async () => {
  await using server = await startTestServer();
  for (const pieces of [
    [rawFrame("", { claimed: 16 * KIB + 1 })],
    [rawFrame("x".repeat(16 * KIB), { fin: false }), rawFrame("", { opcode: 0, claimed: 1 })],
  ]) {
    const raw = await upgradeRaw(server.port, pieces);
    await raw.until('"reason":"too-large"');
    await raw.closed();
    expect(raw.heard()).toContain('"reason":"too-large"');
  }
});

test("FR-13 behind the hello a frame may be long, up to 2 MiB", async () => {
  await using server = await startTestServer();
  const raw = await upgradeRaw(server.port, [rawFrame(helloText("alice"))]);
  await raw.until('"type":"reply","id":1');
  const text = JSON.stringify({ id: 2, type: "nothing", body: "x".repeat(1024 * KIB) });
  raw.socket.write(rawFrame(text));
  await raw.until('"id":2');
  expect(raw.heard()).toContain('{"type":"refused","id":2,"refusal":{"reason":"unknown-request"}}');
  raw.socket.write(rawFrame("", { claimed: 2048 * KIB + 1 }));
  await raw.until('"reason":"too-large"');
  await raw.closed();
  expect(raw.heard()).toContain('"reason":"too-large"');
});

test("FR-14 nothing compressed is agreed on, and who compresses all the same is closed", async () => {
  await using server = await startTestServer();
  const raw = await upgradeRaw(server.port);
  expect(raw.heard().toLowerCase()).not.toContain("sec-websocket-extensions");
  raw.socket.write(rawFrame(helloText("alice"), { reserved: 0x40 }));
  await raw.closed();
  expect(raw.heard()).not.toContain('"type":"reply"');
});

test("SE-14 a message that never ends has a deadline, before the hello and behind it", async () => {
  await using server = await startTestServer({ config: { registerTimeout: 50 } });
  const nameless = await upgradeRaw(server.port, [rawFrame(helloText("alice")).subarray(0, 40)]);
  const named = await upgradeRaw(server.port, [rawFrame(helloText("bob"))]);
  await named.until('"type":"reply","id":1');
  named.socket.write(rawFrame("x".repeat(100 * KIB), { claimed: 200 * KIB }));
  for (const raw of [nameless, named]) {
    await raw.until('"reason":"timed-out"');
    await raw.closed();
    expect(raw.heard()).toContain('"reason":"timed-out"');
  }
});
