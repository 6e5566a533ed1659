import { expect, test } from "vitest";
import { encodeClientLine } from "../../wire/classic/client-lines.ts";
import { sealBroadcast } from "../../wire/classic/broadcast-cipher.ts";
import { sealPad } from "../../wire/classic/pad.ts";
import { longestText } from "./longest-text.ts";

const LONGEST_LINE = 65_535;
const key = new Uint8Array(32);

test("CC-40 the longest broadcast fits into a line, and one byte more would not", () => {
  expect(broadcastLength(longestText("ALL"))).toBeLessThanOrEqual(LONGEST_LINE);
  expect(broadcastLength(longestText("ALL") + 1)).toBeGreaterThan(LONGEST_LINE);
});

test.each(["b", "bob", "x".repeat(32)])(
  "CC-40 the longest message to %s fits into a line, and one byte more would not",
  (to) => {
    const length = (bytes: number) =>
      encodeClientLine({ kind: "direct", to, body: sealPad("x".repeat(bytes)) }).length - 1;
    expect(length(longestText(to))).toBeLessThanOrEqual(LONGEST_LINE);
    expect(length(longestText(to) + 1)).toBeGreaterThan(LONGEST_LINE);
  },
);

/** Of a broadcast's line, without its end. */
function broadcastLength(bytes: number): number {
  return encodeClientLine({ kind: "broadcast", payload: sealBroadcast(key, "x".repeat(bytes)) }).length - 1;
}
