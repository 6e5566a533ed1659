const FINAL_TEXT = 0x81;
/** Lengths that the second byte stands for when the first doesn't hold them. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

let last: { readonly payload: Uint8Array | string; readonly frame: Buffer } | null = null;

/**
 * A text in UTF-8 as one frame of a server (RFC 6455, section 5.2): neither masked nor compressed. The same payload asked for again
 * at once, as in a fan-out, is framed only once: nobody may change it, or the frame.
 */
export function textFrame(payload: Uint8Array | string): Buffer {
  if (last?.payload !== payload) last = { payload, frame: framed(payload) };
  return last.frame;
}

function framed(payload: Uint8Array | string): Buffer {
  const length = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
  const start = length < LENGTH_16 ? 2 : length < 0x10000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL_TEXT;
  if (start === 2) {
    frame[1] = length;
  } else if (start === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (typeof payload === "string") frame.write(payload, start);
  else frame.set(payload, start);
  return frame;
}
