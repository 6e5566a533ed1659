import * as fc from "fast-check";
import { expect, test } from "vitest";
import { rawFrame } from "../../test/helpers/raw-frames.ts";
import { FrameMeter } from "./frame-meter.ts";

interface Sent {
  readonly payloads: readonly Uint8Array[];
  readonly pings: number;
}

const messages = fc.array(
  fc.record({
    payloads: fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 3 }),
    pings: fc.nat({ max: 2 }),
  }),
  { maxLength: 5 },
);

/** A message in so many frames, pings between them. */
function framesOf({ payloads, pings }: Sent): Buffer[] {
  return payloads.flatMap((payload, index) => [
    rawFrame(payload, { opcode: index === 0 ? 1 : 0, fin: index === payloads.length - 1 }),
    ...(index < payloads.length - 1 ? Array.from({ length: pings }, () => rawFrame("p", { opcode: 9 })) : []),
  ]);
}

/** Feeds bytes piece by piece; gives what ended, and the bytes that were taken up to each end. */
function feed(meter: FrameMeter, pieces: readonly Uint8Array[]): { readonly what: string; readonly taken: number }[] {
  const ends: { what: string; taken: number }[] = [];
  let taken = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const { end, what } = meter.take(piece.subarray(at));
      at += end;
      taken += end;
      if (what !== "more") ends.push({ what, taken });
    }
  }
  return ends;
}

test("NE-31 however frames are cut, messages end where they end, and nothing is unfinished then", () => {
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (all, cuts) => {
      const bytes = Buffer.concat(all.flatMap(framesOf));
      const pieces: Buffer[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = cuts[i % cuts.length] ?? 1;
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      const meter = new FrameMeter(1000);
      const ends = feed(meter, pieces).filter(({ what }) => what === "message");
      let sum = 0;
      expect(ends).toEqual(
        all.map((message) => ({ what: "message", taken: (sum += Buffer.concat(framesOf(message)).length) })),
      );
      expect(meter.unfinished).toBe(0);
    }),
  );
});

test("NE-31 what has come of a message is told to the byte, through pings and all", () => {
  const meter = new FrameMeter(1000);
  const half = rawFrame("x".repeat(100), { fin: false });
  feed(meter, [half, rawFrame("p", { opcode: 9 }), rawFrame("y".repeat(10), { opcode: 0 }).subarray(0, 9)]);
  expect(meter.unfinished).toBe(half.length + 7 + 9);
  const other = new FrameMeter(1000);
  feed(other, [rawFrame("p", { opcode: 10 })]);
  expect(other.unfinished).toBe(0);
  feed(other, [Buffer.from([0x81])]);
  expect(other.unfinished).toBe(1);
});

test.each([
  ["in one frame", [rawFrame("", { claimed: 1001 })]],
  ["in several", [rawFrame("x".repeat(600), { fin: false }), rawFrame("", { opcode: 0, claimed: 401 })]],
  ["of more bytes than there are", [rawFrame("", { claimed: Number.MAX_SAFE_INTEGER })]],
])("NE-32 a message over the bound is found by what its frames say: %s", (_, pieces) => {
  expect(feed(new FrameMeter(1000), pieces).at(-1)?.what).toBe("too-long");
});

test("NE-32 whatever bytes come, the meter takes them all and throws nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 })), (pieces) => {
      const meter = new FrameMeter(1 << 20);
      for (const piece of pieces) {
        for (let at = 0; at < piece.length;) {
          const { end, what } = meter.take(piece.subarray(at));
          if (what === "too-long" || what === "close") return;
          expect(end).toBeGreaterThan(0);
          at += end;
        }
      }
    }),
  );
});
