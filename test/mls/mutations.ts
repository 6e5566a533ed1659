import { randomFrom } from "../helpers/random-from.ts";

/** An integer from 0 to below `n`. */
export type Random = (n: number) => number;

export function random(seed: number): Random {
  const draw = randomFrom(seed);
  return (n) => Math.floor(draw() * n);
}

/** Bytes near something of the corpus, now and then exactly that, now and then of no form at all. */
export function mutated(corpus: readonly Uint8Array[], draw: Random): Uint8Array {
  const chosen = corpus[draw(corpus.length)]!;
  if (draw(50) === 0) return chosen;
  if (draw(20) === 0) return Uint8Array.from({ length: draw(2000) }, () => draw(256));
  let bytes: Uint8Array = chosen;
  for (let more = 1 + draw(3); more > 0; more -= 1) bytes = changed(bytes, corpus, draw);
  return bytes;
}

function changed(bytes: Uint8Array, corpus: readonly Uint8Array[], draw: Random): Uint8Array {
  const at = draw(Math.max(1, bytes.length));
  switch (draw(16)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes, Buffer.alloc(1 + draw(64), draw(256))]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw(16))]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + draw(16), draw(256)), bytes.subarray(at)]);
    case 4: {
      const other = corpus[draw(corpus.length)]!;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(draw(other.length))]);
    }
    // A length that says more than there is, in each of the two sizes.
    case 5:
      return written(bytes, at, [0x7f, 0xff]);
    case 6:
      return written(bytes, at, [0xbf, 0xff, 0xff, 0xff]);
    // Most often one bit: what still has its form goes deepest.
    default:
      return written(bytes, at, [(bytes[at] ?? 0) ^ (1 << draw(8))]);
  }
}

function written(bytes: Uint8Array, at: number, over: readonly number[]): Uint8Array {
  const copy = Buffer.from(bytes);
  for (const [nth, byte] of over.entries()) if (at + nth < copy.length) copy[at + nth] = byte;
  return copy;
}
