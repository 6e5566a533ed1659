import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { BoundedOutput } from "./bounded-output.ts";

test("CM-24 what waits to be read is bounded in bytes, and what is left out is counted", () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const output = new BoundedOutput(stream, 1000);
  for (let count = 0; count < 500; count += 1) output.write(`${"x".repeat(9)}\n`);
  // One more may have gone into the reader's side of the stream.
  expect(stream.writableLength).toBeLessThanOrEqual(1000);
  const waiting = readAll(stream);
  expect(waiting.length).toBeLessThan(1100);
  output.write("again\n");
  const dropped = 500 - waiting.length / 10;
  expect(readAll(stream)).toBe(`[${dropped} lines are missing here: too much waited to be read]\nagain\n`);
});

function readAll(stream: PassThrough): string {
  let text = "";
  for (let chunk: Buffer | null = stream.read(); chunk !== null; chunk = stream.read()) text += chunk.toString();
  return text;
}
