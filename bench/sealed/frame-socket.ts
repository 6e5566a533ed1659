import { connect, type Socket } from "node:net";
import { CLIENT_HEADER, PATH, SUBPROTOCOL } from "../../src/wire/frames/version.ts";

/** Whole frames of text; or, for who only listens, that one has come. */
export interface FrameEvents {
  onFrame: ((text: string) => void) | null;
  /** So many frames have begun to come. */
  onCount: (frames: number) => void;
  onClose: () => void;
}

/** All sockets read into the same memory: what they are told is counted, or copied at once. */
const buffer = Buffer.allocUnsafeSlow(1024 * 1024);

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const TEXT = 1;
const PING = 9;
/** An empty pong, masked with zeros: whoever answers no ping is taken for gone. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/**
 * A WebSocket (RFC 6455) reduced to what a load needs: it asks for the upgrade, sends frames that are made beforehand, and takes
 * what comes apart by the frames' lengths alone.
 */
export function openFrames(port: number, events: FrameEvents): Socket {
  let isOpen = false;
  let head: Buffer = Buffer.alloc(0);
  /** Of the frame that is coming: bytes of the payload that are missing, and what has come of a payload that somebody wants. */
  let missing = 0;
  let wanted: Buffer[] | null = null;

  const socket = connect({
    port,
    host: "127.0.0.1",
    noDelay: true,
    onread: {
      buffer,
      callback: (count) => {
        const bytes = buffer.subarray(0, count);
        if (isOpen) take(bytes);
        else upgrade(bytes);
        return true;
      },
    },
  });
  socket.on("connect", () => socket.write(UPGRADE));
  socket.on("error", () => {});
  socket.on("close", () => events.onClose());
  return socket;

  function upgrade(bytes: Buffer): void {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf(END_OF_HEAD);
    if (end === -1) return;
    isOpen = true;
    const rest = head.subarray(end + END_OF_HEAD.length);
    head = Buffer.alloc(0);
    take(rest);
  }

  function take(bytes: Buffer): void {
    let at = 0;
    let begun = 0;
    while (at < bytes.length) {
      if (missing > 0) {
        const piece = Math.min(missing, bytes.length - at);
        wanted?.push(Buffer.from(bytes.subarray(at, at + piece)));
        at += piece;
        missing -= piece;
        if (missing === 0) finish();
        continue;
      }
      head = head.length === 0 ? bytes.subarray(at) : Buffer.concat([head, bytes.subarray(at)]);
      const header = headerOf(head);
      if (header === null) {
        head = Buffer.from(head);
        break;
      }
      at = bytes.length - (head.length - header.size);
      head = head.subarray(0, 0);
      missing = header.length;
      const isText = header.opcode === TEXT;
      if (isText) begun++;
      else if (header.opcode === PING) socket.write(PONG);
      wanted = isText && events.onFrame !== null ? [] : null;
      if (missing === 0) finish();
    }
    if (begun > 0) events.onCount(begun);
  }

  function finish(): void {
    const pieces = wanted;
    wanted = null;
    if (pieces !== null) events.onFrame?.(Buffer.concat(pieces).toString("utf8"));
  }
}

/** A client's frame of text, masked with zeros, so that its payload stands in it as it is. */
export function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const start = length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.alloc(start + 4 + length);
  frame[0] = 0x80 | TEXT;
  if (start === 2) frame[1] = 0x80 | length;
  else if (start === 4) {
    frame[1] = 0x80 | LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 0x80 | LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  payload.copy(frame, start + 4);
  return frame;
}

const UPGRADE = [
  `GET ${PATH} HTTP/1.1`,
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
  `${CLIENT_HEADER}: bench`,
  "\r\n",
].join("\r\n");

/** Null: it hasn't come whole yet. */
function headerOf(bytes: Buffer): { readonly size: number; readonly length: number; readonly opcode: number } | null {
  if (bytes.length < 2) return null;
  const opcode = bytes.readUInt8(0) & 0x0f;
  const short = bytes.readUInt8(1) & 0x7f;
  if (short < LENGTH_16) return { size: 2, length: short, opcode };
  const size = short === LENGTH_16 ? 4 : 10;
  if (bytes.length < size) return null;
  return { size, length: size === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)), opcode };
}
