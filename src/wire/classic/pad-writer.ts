import { endianness } from "node:os";
import { keyBytes, keyWords, MOST_KEY_BYTES, takeKey } from "./key-pool.ts";

/** The bytes that a pad for a text of so many bytes takes. */
export function padLength(bytes: number): number {
  return 4 * bytes + 1;
}

/**
 * Writes `hex(key)|hex(plain XOR key)` under a fresh random key into `target` at `at`, `padLength(plain.length)` bytes
 * of ASCII, and returns the offset behind them. Throws a RangeError when they don't fit. A broadcast comes through
 * here once for each reader, so it works by words of 4 bytes and allocates nothing.
 */
export function writePad(target: Buffer, at: number, plain: Uint8Array): number {
  const middle = at + 2 * plain.length;
  const end = at + padLength(plain.length);
  if (end > target.length) throw new RangeError("the pad does not fit");
  const out = viewOf(target);
  for (let done = 0; done < plain.length; done += MOST_KEY_BYTES) {
    const part = plain.length <= MOST_KEY_BYTES ? plain : plain.subarray(done, done + MOST_KEY_BYTES);
    writePart(out, at + 2 * done, middle + 1 + 2 * done, part);
  }
  target[middle] = BAR;
  return end;
}

const BAR = 0x7c;

/** A byte's two hex digits, and those of two bytes (`b0 | b1 << 8`), as numbers that are stored little-endian. */
const BYTE_HEX = Uint16Array.from({ length: 256 }, (_, byte) => digit(byte >>> 4) | (digit(byte & 0xf) << 8));
const PAIR_HEX = Int32Array.from(
  { length: 65_536 },
  (_, pair) => BYTE_HEX[pair & 0xff]! | (BYTE_HEX[pair >>> 8]! << 16),
);

function digit(nibble: number): number {
  return "0123456789abcdef".charCodeAt(nibble);
}

// The large table is the faster one only when the work is long enough to bring it into the cache.
const WIDE_FROM = 512;

// By words, the first byte is the lowest only on little-endian machines; elsewhere all goes by bytes.
const LITTLE_ENDIAN = endianness() === "LE";

/** A part of the text, at a word's start, as `plain` itself may not be. */
const plainBytes = new Uint8Array(MOST_KEY_BYTES);
const plainWords = new Int32Array(plainBytes.buffer);

function writePart(out: DataView, keyAt: number, sealedAt: number, plain: Uint8Array): void {
  const count = plain.length;
  const key = takeKey(count);
  plainBytes.set(plain);
  const words = LITTLE_ENDIAN ? count >>> 2 : 0;
  if (count < WIDE_FROM) writeWords(out, keyAt, sealedAt, key >>> 2, words);
  else writeWordsWide(out, keyAt, sealedAt, key >>> 2, words);
  for (let i = 4 * words; i < count; i++) {
    const k = keyBytes[key + i]!;
    keyBytes[key + i] = 0;
    out.setUint16(keyAt + 2 * i, BYTE_HEX[k]!, true);
    out.setUint16(sealedAt + 2 * i, BYTE_HEX[k ^ plainBytes[i]!]!, true);
  }
}

function writeWords(out: DataView, keyAt: number, sealedAt: number, key: number, words: number): void {
  let a = keyAt;
  let c = sealedAt;
  for (let i = 0; i < words; i++) {
    const k = keyWords[key + i]!;
    const sealed = k ^ plainWords[i]!;
    keyWords[key + i] = 0;
    out.setInt32(a, BYTE_HEX[k & 0xff]! | (BYTE_HEX[(k >>> 8) & 0xff]! << 16), true);
    out.setInt32(a + 4, BYTE_HEX[(k >>> 16) & 0xff]! | (BYTE_HEX[k >>> 24]! << 16), true);
    out.setInt32(c, BYTE_HEX[sealed & 0xff]! | (BYTE_HEX[(sealed >>> 8) & 0xff]! << 16), true);
    out.setInt32(c + 4, BYTE_HEX[(sealed >>> 16) & 0xff]! | (BYTE_HEX[sealed >>> 24]! << 16), true);
    a += 8;
    c += 8;
  }
}

function writeWordsWide(out: DataView, keyAt: number, sealedAt: number, key: number, words: number): void {
  let a = keyAt;
  let c = sealedAt;
  for (let i = 0; i < words; i++) {
    const k = keyWords[key + i]!;
    const sealed = k ^ plainWords[i]!;
    keyWords[key + i] = 0;
    out.setInt32(a, PAIR_HEX[k & 0xffff]!, true);
    out.setInt32(a + 4, PAIR_HEX[k >>> 16]!, true);
    out.setInt32(c, PAIR_HEX[sealed & 0xffff]!, true);
    out.setInt32(c + 4, PAIR_HEX[sealed >>> 16]!, true);
    a += 8;
    c += 8;
  }
}

let lastTarget: Buffer | null = null;
let lastView: DataView = new DataView(new ArrayBuffer(0));

/** A fan-out writes all of its pads into one buffer; making the view anew would cost as much as a short pad. */
function viewOf(target: Buffer): DataView {
  if (target !== lastTarget) {
    lastTarget = target;
    lastView = new DataView(target.buffer, target.byteOffset, target.length);
  }
  return lastView;
}
