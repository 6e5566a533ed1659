/**
 * The WebAssembly module that writes pads, put together from named instructions (WebAssembly Core Specification 2.0,
 * section 5: binary format). Fan-out needs a pad for each reader, and bytes become hex 16 at a time here: by tables, in
 * JavaScript, it took more time than everything else that a long broadcast costs.
 */

/** How the memory is divided: unused key bytes, the text, the pad, and the block that writing the pad may overwrite. */
export const POOL = { at: 0, size: 65_536 } as const;
export const TEXT = { at: POOL.size, size: 8192 } as const;
export const PAD = { at: TEXT.at + TEXT.size, size: 4 * TEXT.size + 64 } as const;

/** Bytes of text that one step takes. */
export const BLOCK = 16;

/** Exports `memory` and `write(key, count)`, see `PadMachine`. */
export function padModule(): Uint8Array {
  const code = [...LOCALS, ...writePad(), END];
  return Uint8Array.from([
    ...ascii("\0asm\x01\0\0\0"),
    ...section(1, [FUNCTION_TYPE, 2, I32, I32, 0]),
    ...section(3, [0]),
    ...section(5, [0, Math.ceil((PAD.at + PAD.size) / 65_536)]),
    ...section(7, [6, ...ascii("memory"), 2, 0], [5, ...ascii("write"), 0, 0]),
    ...section(10, [...unsigned(code.length), ...code]),
  ]);
}

type Code = readonly number[];

const END = 0x0b;
const FUNCTION_TYPE = 0x60;
const I32 = 0x7f;
const V128 = 0x7b;

const BAR = 0x7c;

// The parameters and locals of `write`: `at` is where in the text the block in work begins.
const [key, count, at, bytes, high, low, digits, nibbles] = [0, 1, 2, 3, 4, 5, 6, 7];
const LOCALS: Code = [2, 1, I32, 5, V128];

/** What interleaves two vectors, whose bytes count 0 to 15 and 16 to 31: the first and the second half of the result. */
const FIRST_HALF = Array.from({ length: BLOCK }, (_, i) => (i >> 1) + BLOCK * (i & 1));
const SECOND_HALF = FIRST_HALF.map((byte) => byte + BLOCK / 2);

/** From the last block, which may be more than is left of the text, to the first: what it spoils is written after it. */
function writePad(): Code {
  const keyAt = add(get(key), get(at));
  const twiceAt = add(get(at), get(at));
  const twiceCount = add(get(count), get(count));
  return [
    ...set(digits, vector(ascii("0123456789abcdef"))),
    ...set(nibbles, vector(Array<number>(BLOCK).fill(0x0f))),
    ...set(at, bitAnd(add(get(count), constant(-1)), constant(-BLOCK))),
    ...loopWhile(
      [
        ...set(bytes, load(keyAt, 0)),
        ...storeHex(twiceAt, PAD.at),
        ...set(bytes, xor(get(bytes), load(get(at), TEXT.at))),
        ...storeHex(add(twiceCount, twiceAt), PAD.at + 1),
        ...store(keyAt, 0, vector(Array<number>(BLOCK).fill(0))),
        ...set(at, add(get(at), constant(-BLOCK))),
      ],
      isNotNegative(get(at)),
    ),
    ...storeByte(twiceCount, PAD.at, constant(BAR)),
  ];
}

/** Two digits for each of `bytes`, the upper four bits first. */
function storeHex(address: Code, offset: number): Code {
  return [
    ...set(high, pick(get(digits), and(shiftRight(get(bytes), 4), get(nibbles)))),
    ...set(low, pick(get(digits), and(get(bytes), get(nibbles)))),
    ...store(address, offset, interleave(FIRST_HALF, get(high), get(low))),
    ...store(address, offset + BLOCK, interleave(SECOND_HALF, get(high), get(low))),
  ];
}

// The instructions, each behind its operands (section 5.4).

const get = (local: number): Code => [0x20, local];
const set = (local: number, value: Code): Code => [...value, 0x21, local];
const constant = (value: number): Code => [0x41, ...signed(value)];
const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
const bitAnd = (a: Code, b: Code): Code => [...a, ...b, 0x71];
const isNotNegative = (value: Code): Code => [...value, ...constant(0), 0x4e];
const storeByte = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  0x3a,
  0,
  ...unsigned(offset),
];
const loopWhile = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, END];

const simd = (opcode: number, ...immediates: Code): Code => [0xfd, ...unsigned(opcode), ...immediates];
const load = (address: Code, offset: number): Code => [...address, ...simd(0, 0, ...unsigned(offset))];
const store = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  ...simd(11, 0, ...unsigned(offset)),
];
const vector = (value: Code): Code => simd(12, ...value);
const interleave = (order: Code, a: Code, b: Code): Code => [...a, ...b, ...simd(13, ...order)];
const pick = (table: Code, indices: Code): Code => [...table, ...indices, ...simd(14)];
const and = (a: Code, b: Code): Code => [...a, ...b, ...simd(78)];
const xor = (a: Code, b: Code): Code => [...a, ...b, ...simd(81)];
/** By lanes of 16 bits, which carries bits of a byte into its neighbour: mask them. */
const shiftRight = (value: Code, bits: number): Code => [...value, ...constant(bits), ...simd(141)];

function section(id: number, ...entries: readonly Code[]): Code {
  const content = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(content.length), ...content];
}

/** LEB128 (section 5.2.2). */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128: done when what is left is the sign alone, and the last byte has it. */
function signed(value: number): Code {
  const byte = value & 0x7f;
  const rest = value >> 7;
  return rest === (byte & 0x40 ? -1 : 0) ? [byte] : [byte | 0x80, ...signed(rest)];
}

function ascii(text: string): Code {
  return Array.from(text, (character) => character.charCodeAt(0));
}
