import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cut } from "../../test/socket-pair.ts";
import { nextLine } from "./line-splitter.ts";
import type { LineEnds, Rest, Split } from "./line-splitter.ts";

interface Outcome {
  readonly lines: string[];
  readonly tooLong: boolean;
}

/** What the splitter must say of a whole stream, in the plainest words. */
function reference(stream: Buffer, limit: number, ends: LineEnds = "line-feed"): Outcome {
  // The CR before a NUL stays in its line.
  const pieces = stream.toString("latin1").split(ends === "telnet" ? /\n|(?<=\r)\0/ : "\n");
  const unfinished = pieces.at(-1) ?? "";
  const lines = pieces.slice(0, -1);
  const over = lines.findIndex((line) => line.length > limit);
  if (over !== -1) return { lines: lines.slice(0, over), tooLong: true };
  return { lines, tooLong: unfinished.length > limit };
}

function run(pieces: readonly Buffer[], limit: number, ends?: LineEnds): Outcome {
  const lines: string[] = [];
  let rest: Rest | null = null;
  for (const piece of pieces) {
    let bytes: Buffer | null = Buffer.from(piece);
    while (bytes !== null) {
      const split: Split = nextLine(rest, bytes, limit, ends);
      if (split.line !== null) lines.push(split.line.toString("latin1"));
      if (split.tooLong) return { lines, tooLong: true };
      // The bytes read may be overwritten by the next read: nothing kept may point into them.
      if (split.unread === null) bytes.fill(0);
      ({ rest, unread: bytes } = split);
    }
  }
  return { lines, tooLong: false };
}

const streams = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte % 3 === 0 ? 10 : byte))));
const cuts = fc.array(fc.nat(200), { maxLength: 20 });

test("NE-2 any stream, cut anywhere, gives the same lines in the same order", () => {
  fc.assert(
    fc.property(streams, cuts, (stream, places) => {
      expect(run(cut(stream, places), 1000)).toEqual(reference(stream, 1000));
    }),
  );
});

test("NE-2 the same where telnet's CR NUL ends a line as well", () => {
  const telnet = fc
    .array(fc.constantFrom(0, 10, 13, 13, 65, 255), { maxLength: 200 })
    .map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(telnet, cuts, (stream, places) => {
      const wanted = reference(stream, 20, "telnet");
      expect(run(cut(stream, places), 20, "telnet")).toEqual(wanted);
      expect(run([stream], 20, "telnet")).toEqual(wanted);
    }),
  );
  expect(run([Buffer.from("\r\0hi\r"), Buffer.from("\0x\0\n")], 100, "telnet").lines).toEqual(["\r", "hi\r", "x\0"]);
});

test("NE-2 one byte at a time gives the same lines", () => {
  const stream = Buffer.from("LIST\n\nREGISTER alice\r\nhalf");
  const bytes = Array.from(stream, (byte) => Buffer.from([byte]));
  expect(run(bytes, 100)).toEqual({ lines: ["LIST", "", "REGISTER alice\r"], tooLong: false });
});

test("NE-3 a line is too long exactly above the limit, finished or not, however it was cut", () => {
  fc.assert(
    fc.property(streams, cuts, fc.nat(12), (stream, places, limit) => {
      expect(run(cut(stream, places), limit)).toEqual(reference(stream, limit));
    }),
  );
});

test.each(["12345\n", "12345"])("NE-3 the limit itself is allowed: %j", (text) => {
  const stream = Buffer.from(text);
  expect(nextLine(null, stream, 5).tooLong).toBe(false);
  expect(nextLine(null, stream, 4)).toMatchObject({ line: null, rest: null, tooLong: true });
});

test("NE-4 between lines nothing is kept, and within a line never more than the limit", () => {
  expect(nextLine(null, Buffer.from("a\nb\n"), 10).rest).toBeNull();
  const { rest } = nextLine(null, Buffer.from("b".repeat(300)), 400);
  expect(nextLine(rest, Buffer.from("\n"), 400).rest).toBeNull();
  let kept: Rest | null = null;
  for (let length = 1; length <= 5000; length++) {
    kept = nextLine(kept, Buffer.from("x"), 5000).rest;
    expect(kept?.buffer.length).toBeLessThanOrEqual(Math.min(5000, Math.max(128, 2 * length)));
  }
});

test("NE-4 a line of single bytes is moved only each time that its buffer doubles", () => {
  const buffers = new Set<Buffer>();
  let rest: Rest | null = null;
  for (let length = 1; length <= 65_536; length++) {
    rest = nextLine(rest, Buffer.from("x"), 65_536).rest;
    if (rest !== null) buffers.add(rest.buffer);
  }
  expect(rest?.length).toBe(65_536);
  expect(buffers.size).toBeLessThanOrEqual(10);
});
