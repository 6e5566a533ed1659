import { expect, test } from "vitest";
import { lineEnd } from "../../../test/socket-pair.ts";
import { openPad } from "../../wire/classic/pad.ts";
import type { ClassicOutput } from "./outbound.ts";
import { createScratch } from "./scratch.ts";

function broadcast(text: string): ClassicOutput {
  return { kind: "broadcast", lead: Buffer.from("BROADCAST from al: "), plain: Buffer.from(text) };
}

/** What the lines of broadcasts say, and other lines as they are. */
function opened(lines: string): string[] {
  return lines.split("\n").map((line) => {
    const pad = /^BROADCAST from al: (\S+)$/.exec(line)?.[1];
    return pad === undefined ? line : (openPad(pad) ?? "unreadable");
  });
}

test("SC-38 what waits for a reader that stopped takes memory for its own bytes only", async () => {
  const { client, connection } = await lineEnd({ queueLimit: 1 << 30 });
  const scratch = createScratch();
  client.pause();
  const filler: ClassicOutput = { kind: "lines", bytes: Buffer.alloc(1 << 20, "x") };
  while (connection.queued < 1 << 20) scratch.send(connection, [filler]);
  const queued = connection.queued;
  const held = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 1000; i++) scratch.send(connection, [broadcast("hello")]);
  expect(connection.queued).toBeGreaterThan(queued);
  expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(10 * (connection.queued - queued));
});

test("NE-7 lines of all sizes leave in their order, also more than fit one buffer and to a reader that fell behind", async () => {
  const { client, connection } = await lineEnd({ queueLimit: 1 << 30 });
  const scratch = createScratch(4096);
  const texts = ["a", "b".repeat(900), "c".repeat(1500), "d", "e".repeat(1000), "f".repeat(1000), "g"];
  const outputs = texts.flatMap((text, i) => [
    broadcast(text),
    { kind: "lines", bytes: Buffer.from(`line ${i}\n`) } satisfies ClassicOutput,
  ]);
  const expected = texts.flatMap((text, i) => [text, `line ${i}`]);
  const filler = `${"x".repeat(1 << 20)}\n`;
  let fillers = 0;
  client.pause();
  scratch.send(connection, outputs);
  for (; connection.queued === 0; fillers++) {
    connection.send(filler);
    connection.flush();
  }
  scratch.send(connection, outputs);
  connection.end();
  client.setEncoding("latin1");
  let heard = "";
  for await (const text of client) heard += text;
  expect(opened(heard)).toEqual([...expected, ...Array<string>(fillers).fill(filler.trim()), ...expected, ""]);
});
