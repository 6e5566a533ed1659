const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NUL = 0x00;
const SMALLEST_REST = 128;

/** What ends a line: a line feed alone, or, as telnet may send Enter (RFC 854), CR NUL as well. The CR stays in the line. */
export type LineEnds = "line-feed" | "telnet";

/** The beginning of a line whose end hasn't come yet. It belongs to the splitter: hand it back, once, and don't look inside. */
export interface Rest {
  readonly buffer: Buffer;
  readonly length: number;
}

export interface Split {
  /** The first line that is complete, without its `\n`: a view into the bytes read, good until the next call. */
  readonly line: Buffer | null;
  /** The unfinished line, at most `limit` bytes; null between lines. */
  readonly rest: Rest | null;
  /** What follows the line: the `bytes` of the next call. Null when all was read. */
  readonly unread: Buffer | null;
  /** The line is longer than the limit. Nothing behind its beginning is kept or read. */
  readonly tooLong: boolean;
}

/**
 * Takes the next line out of a stream of bytes, however it was cut. `limit` is the most bytes that a line may have, without
 * its `\n`; it holds for finished and unfinished lines alike. Takes time in proportion to what it reads, also one byte at a time.
 */
export function nextLine(rest: Rest | null, bytes: Buffer, limit: number, ends: LineEnds = "line-feed"): Split {
  const newline = ends === "line-feed" ? bytes.indexOf(NEWLINE) : telnetEnd(rest, bytes);
  const end = newline === -1 ? bytes.length : newline;
  if ((rest?.length ?? 0) + end > limit) return { line: null, rest: null, unread: null, tooLong: true };
  if (newline === -1) return { line: null, rest: extend(rest, bytes, limit), unread: null, tooLong: false };
  const piece = bytes.subarray(0, end);
  return {
    line: rest === null ? piece : finish(rest, piece, limit),
    rest: null,
    unread: end + 1 < bytes.length ? bytes.subarray(end + 1) : null,
    tooLong: false,
  };
}

/** Where the line ends, looking no further than that; -1: not in these bytes. */
function telnetEnd(begun: Rest | null, bytes: Buffer): number {
  let before = begun === null ? undefined : begun.buffer[begun.length - 1];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === NEWLINE || (byte === NUL && before === RETURN)) return at;
    before = byte;
  }
  return -1;
}

function finish(begun: Rest, end: Buffer, limit: number): Buffer {
  const { buffer, length } = extend(begun, end, limit);
  return buffer.subarray(0, length);
}

/**
 * Copies, so that a few bytes don't hold the block that they were read in. The buffer doubles when it is full: a piece of a
 * byte costs a byte, not an object, and none is copied more than twice on average.
 */
function extend(begun: Rest | null, piece: Buffer, limit: number): Rest {
  const had = begun?.length ?? 0;
  const length = had + piece.length;
  let buffer = begun?.buffer;
  if (buffer === undefined || buffer.length < length) {
    buffer = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(SMALLEST_REST, 2 * had, length)));
    begun?.buffer.copy(buffer, 0, 0, had);
  }
  piece.copy(buffer, had);
  return { buffer, length };
}
