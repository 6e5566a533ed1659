import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineReader } from "./line-reader.ts";

const bytes = (text: string) => Buffer.from(text);

/** `text` cut at `cuts`, read piece by piece. */
function readInPieces(text: string, cuts: readonly number[], limit: number) {
  const reader = new LineReader(limit);
  const whole = bytes(text);
  const edges = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
  const lines: string[] = [];
  for (const [index, edge] of edges.slice(1).entries()) {
    const read = reader.read(whole.subarray(edges[index], edge));
    lines.push(...read.lines);
    if (read.overflow) return { lines, overflow: true };
  }
  return { lines, overflow: false };
}

test("CC-2 lines are the same however the bytes are split", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), (lines, cuts) => {
      const text = lines.map((content) => `${content}\n`).join("");
      expect(readInPieces(text, cuts, 1000)).toEqual({ lines, overflow: false });
    }),
  );
});

test("CC-2 a line may be as long as the limit, not one byte longer, however it is split", () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.boolean(), (cuts, ended) => {
      const end = ended ? "\n" : "";
      expect(readInPieces(`first\n${"x".repeat(64)}${end}`, cuts, 64).overflow).toBe(false);
      expect(readInPieces(`first\n${"x".repeat(65)}${end}`, cuts, 64)).toEqual({ lines: ["first"], overflow: true });
    }),
  );
});

test("CC-2 bytes that are no UTF-8 do not stop the reading", () => {
  const reader = new LineReader(64);
  expect(reader.read(Uint8Array.of(0x61, 0xff, 0x0a, 0x62, 0x0a)).lines).toEqual(["a\uFFFD", "b"]);
});
