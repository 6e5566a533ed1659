import { createKeyPool } from "./key-pool.ts";
import { createPadMachine, type PadMachine } from "./pad-machine.ts";
import { PAD, TEXT } from "./pad-module.ts";
import { sealBytes } from "./pad.ts";

/**
 * Writes `hex(key)|hex(plain XOR key)` under a fresh random key into `target` at `at`, `padLength(plain.length)` bytes
 * of ASCII, and returns the offset after them. Throws a RangeError when they don't fit.
 */
type WritePad = (target: Uint8Array, at: number, plain: Uint8Array) => number;

/** The bytes that a pad for a text of this many bytes takes. */
export function padLength(bytes: number): number {
  return 4 * bytes + 1;
}

/** This runs once for each reader of a broadcast, so it allocates next to nothing. */
export function createPadWriter(machine: PadMachine): WritePad {
  const { memory, write } = machine;
  const keys = createKeyPool(memory);
  let pad = memory.subarray(PAD.at, PAD.at);

  return (target, at, plain) => {
    const length = padLength(plain.length);
    if (at < 0 || at + length > target.length) throw new RangeError("the pad does not fit");
    if (plain.length === 0 || plain.length > TEXT.size) {
      target.set(Buffer.from(sealBytes(plain), "latin1"), at);
      return at + length;
    }
    memory.set(plain, TEXT.at);
    write(keys.take(plain.length), plain.length);
    // Kept from pad to pad, since those of one broadcast have one length: making it again takes as long as a short pad.
    if (pad.length !== length) pad = memory.subarray(PAD.at, PAD.at + length);
    target.set(pad, at);
    return at + length;
  };
}

export const writePad: WritePad = createPadWriter(createPadMachine());
