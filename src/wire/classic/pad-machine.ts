import { BLOCK, PAD, padModule, TEXT } from "./pad-module.ts";

/** Turns a text and a key, both lying in its memory, into a pad lying there. The memory is divided as `pad-module.ts` says. */
export interface PadMachine {
  readonly memory: Uint8Array<ArrayBuffer>;
  /**
   * Writes `hex(key)|hex(text XOR key)` at `PAD.at`, from the text at `TEXT.at` and the key at `key`, both of `count` bytes,
   * at least 1, and wipes the key. It works by blocks: up to `BLOCK - 1` bytes behind the key are wiped, too.
   */
  readonly write: (key: number, count: number) => void;
}

/** The fastest machine available here. */
export function createPadMachine(): PadMachine {
  return createSimdMachine() ?? createPlainMachine();
}

/** Null where WebAssembly or its SIMD is missing or forbidden. */
export function createSimdMachine(): PadMachine | null {
  try {
    const { memory, write } = new WebAssembly.Instance(new WebAssembly.Module(padModule())).exports;
    return { memory: new Uint8Array(memory.buffer), write };
  } catch {
    return null;
  }
}

/** Byte by byte, in plain code. */
export function createPlainMachine(): PadMachine {
  const memory = new Uint8Array(PAD.at + PAD.size);
  return {
    memory,
    write: (key, count) => {
      const middle = PAD.at + 2 * count;
      memory[middle] = BAR;
      for (let i = 0; i < count; i++) {
        const byte = memory[key + i]!;
        putHex(memory, PAD.at + 2 * i, byte);
        putHex(memory, middle + 1 + 2 * i, byte ^ memory[TEXT.at + i]!);
      }
      memory.fill(0, key, key + Math.ceil(count / BLOCK) * BLOCK);
    },
  };
}

const BAR = 0x7c;
const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

function putHex(memory: Uint8Array, at: number, byte: number): void {
  memory[at] = DIGITS[byte >>> 4]!;
  memory[at + 1] = DIGITS[byte & 0xf]!;
}

/** The part of it that is used here: its own types come with the browser's, which don't belong in this folder. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly write: PadMachine["write"] };
  };
};
