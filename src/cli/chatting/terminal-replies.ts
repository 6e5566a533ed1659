import { Transform } from "node:stream";

/** Bytes of a reply, after which what comes is typed again: a reply whose end is lost must not swallow the keyboard. */
const LONGEST_REPLY = 4096;

const ESCAPE = 0x1b;
/** What opens a string behind ESC: DCS, SOS, OSC, PM, APC (ECMA-48). */
const OPENERS = new Set([0x50, 0x58, 0x5d, 0x5e, 0x5f]);
const BELL = 0x07;
const BACKSLASH = 0x5c;
/** Ctrl-C, line feed, carriage return, and what cancels a string: a reply holds none, and somebody who presses them is heard. */
const KEYS = new Set([0x03, 0x0a, 0x0d, 0x18, 0x1a]);

/** What has been read of a reply; null: nothing is open. */
type Reading = null | { readonly kind: "escape" } | { readonly kind: "string"; length: number; escaped: boolean };

/**
 * Takes a terminal's replies (its colours, its name: `ESC ] … BEL`) out of what is typed: they come when another program has
 * asked and is gone, or when somebody's output made the terminal answer. Linear, and holds one byte.
 */
export function withoutReplies(): (bytes: Uint8Array) => Buffer {
  let reading: Reading = null;
  return (bytes) => {
    const kept: number[] = [];
    for (const byte of bytes) {
      if (reading?.kind === "string") {
        reading = readString(reading, byte);
        if (reading === null && KEYS.has(byte)) kept.push(byte);
      } else if (reading?.kind === "escape") {
        reading = OPENERS.has(byte) ? { kind: "string", length: 0, escaped: false } : null;
        if (reading === null) kept.push(ESCAPE, byte);
      } else if (byte === ESCAPE) {
        reading = { kind: "escape" };
      } else {
        kept.push(byte);
      }
    }
    // Esc alone is a key: nothing more of it came with it.
    if (reading?.kind === "escape") {
      reading = null;
      kept.push(ESCAPE);
    }
    return Buffer.from(kept);
  };
}

function readString(reading: Extract<Reading, { kind: "string" }>, byte: number): Reading {
  const isOver = byte === BELL || KEYS.has(byte) || (reading.escaped && byte === BACKSLASH);
  if (isOver || reading.length === LONGEST_REPLY) return null;
  return { kind: "string", length: reading.length + 1, escaped: byte === ESCAPE };
}

/** The same for a stream. */
export function replyFilter(): Transform {
  const strip = withoutReplies();
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      done(null, strip(chunk));
    },
  });
}
