import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlainMachine, createSimdMachine, type PadMachine } from "./pad-machine.ts";
import { BLOCK, POOL, TEXT } from "./pad-module.ts";
import { createPadWriter, padLength, writePad } from "./pad-writer.ts";
import { isPadField, openPad } from "./pad.ts";

/** Opens a pad with Node's own hex, to hold ours against. */
function openBytes(pad: string): { key: Buffer; plain: Buffer } {
  const [key = "", sealed = ""] = pad.split("|").map((hex) => Buffer.from(hex, "hex").toString("latin1"));
  const plain = Buffer.from(key, "latin1").map((byte, i) => byte ^ sealed.charCodeAt(i));
  return { key: Buffer.from(key, "latin1"), plain: Buffer.from(plain) };
}

/** Every machine that there can be; Node has SIMD wherever its tests run. */
const MACHINES: readonly (readonly [string, () => PadMachine])[] = [
  ["SIMD", createSimd],
  ["plain", createPlainMachine],
];

function createSimd(): PadMachine {
  const machine = createSimdMachine();
  if (machine === null) throw new Error("there is no SIMD here");
  return machine;
}

describe.each(MACHINES)("writing with the %s machine", (_, createMachine) => {
  test("CL-38 a pad of any length lands at any offset, in its own bytes only", () => {
    const write = createPadWriter(createMachine());
    // Around the blocks, and around the length from which a text is too long for the machine.
    const length = fc.oneof(
      fc.nat(70),
      fc.integer({ min: TEXT.size - 20, max: TEXT.size + 20 }),
      fc.nat(TEXT.size),
      fc.nat(30_000),
    );
    fc.assert(
      fc.property(length, fc.nat(9), fc.nat(3), fc.nat(255), (bytes, at, offset, seed) => {
        const plain = Uint8Array.from({ length: bytes }, (_each, i) => (i * 31 + seed) & 0xff);
        const target = Buffer.alloc(offset + at + padLength(bytes) + 5, ".").subarray(offset);
        const end = write(target, at, plain);
        expect(end).toBe(at + 4 * bytes + 1);
        expect(target.toString("latin1", 0, at)).toBe(".".repeat(at));
        expect(target.toString("latin1", end)).toBe(".....");
        const pad = target.toString("latin1", at, end);
        expect(pad).toMatch(/^[0-9a-f|]*$/);
        expect(isPadField(pad)).toBe(true);
        expect(openBytes(pad).plain.equals(plain)).toBe(true);
      }),
    );
  });

  test("CL-39 the key's bytes leave the pool when they are used, and only these", () => {
    for (const bytes of [1, 3, 15, 16, 17, 64, 513, TEXT.size]) {
      const machine = createMachine();
      const write = createPadWriter(machine);
      // The pool is filled when the first key is asked for.
      write(Buffer.alloc(padLength(BLOCK)), 0, new Uint8Array(BLOCK));
      const taken = Math.ceil(bytes / BLOCK) * BLOCK;
      const waiting = machine.memory.slice(POOL.at, POOL.at + POOL.size);
      const target = Buffer.alloc(padLength(bytes));
      write(target, 0, new Uint8Array(bytes));
      const left = machine.memory.slice(POOL.at, POOL.at + POOL.size);
      expect(openBytes(target.toString("latin1")).key.equals(waiting.subarray(BLOCK, BLOCK + bytes))).toBe(true);
      expect(left.subarray(BLOCK, BLOCK + taken).every((byte) => byte === 0)).toBe(true);
      expect(Buffer.compare(left.subarray(BLOCK + taken), waiting.subarray(BLOCK + taken))).toBe(0);
    }
  });

  test("CL-39 no key byte is used twice or after it was wiped, also when the pool is filled again and again", () => {
    const write = createPadWriter(createMachine());
    const seen = new Set<string>();
    let keys = 0;
    for (let round = 0; round < 40; round++) {
      for (const bytes of [0, 16, 64, 100, 1000, 8192, 9000]) {
        const target = Buffer.alloc(padLength(bytes));
        write(target, 0, new Uint8Array(bytes));
        const key = target.toString("latin1", 0, 2 * bytes);
        for (let at = 0; at + 32 <= key.length; at += 32) {
          seen.add(key.slice(at, at + 32));
          keys++;
        }
      }
    }
    expect(seen.size).toBe(keys);
  });
});

describe("the server's writer", () => {
  test("CL-38 pads follow one another in one buffer, and in two by turns", () => {
    const plain = Buffer.from("hello");
    const targets = [Buffer.alloc(42), Buffer.alloc(42)];
    for (const at of [0, 21]) for (const target of targets) expect(writePad(target, at, plain)).toBe(at + 21);
    for (const target of targets) {
      expect(openPad(target.toString("latin1", 0, 21))).toBe("hello");
      expect(openPad(target.toString("latin1", 21))).toBe("hello");
    }
  });

  test("CL-38 a pad that doesn't fit is refused before a byte is written", () => {
    const target = Buffer.alloc(20, ".");
    expect(() => writePad(target, 0, Buffer.from("hello"))).toThrow(RangeError);
    expect(() => writePad(target, 20, Buffer.alloc(0))).toThrow(RangeError);
    expect(() => writePad(target, -1, Buffer.alloc(1))).toThrow(RangeError);
    expect(target.toString()).toBe(".".repeat(20));
  });
});
