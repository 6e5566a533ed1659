import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The upgrade as bytes, so that what follows on the socket is whatever a test wants. */
export const UPGRADE = [
  "GET /frames HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol: padserve.v1",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
  "padserve-client: test",
  "\r\n",
].join("\r\n");

const ZERO_MASK = [0, 0, 0, 0];
const FIN = 0x80;
const MASKED = 0x80;

export interface FrameOptions {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. Default 1. */
  readonly opcode?: number;
  /** Whether it is the message's last. Default true. */
  readonly fin?: boolean;
  /** Reserved bits, as 0x40 for a compressed message. */
  readonly reserved?: number;
  /** The length that the header tells; by default that of the payload. */
  readonly claimed?: number;
}

/** A client's frame (RFC 6455, section 5.2), masked with zeros, so that its payload stands in it as it is. */
export function rawFrame(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { opcode = 1, fin = true, reserved = 0 } = options;
  const body = Buffer.from(payload);
  const length = options.claimed ?? body.length;
  const first = (fin ? FIN : 0) | reserved | opcode;
  return Buffer.concat([Buffer.from([first, ...lengthBytes(length), ...ZERO_MASK]), body]);
}

function lengthBytes(length: number): number[] {
  if (length < 126) return [MASKED | length];
  if (length < 65_536) return [MASKED | 126, length >> 8, length & 0xff];
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return [MASKED | 127, ...bytes];
}

/** A socket that has asked for the upgrade, and what the server has said on it. */
export interface RawFrames {
  readonly socket: Socket;
  /** All that came, as latin1. */
  heard(): string;
  /** Waits until it is in what came, or the connection has closed. */
  until(words: string): Promise<void>;
  closed(): Promise<void>;
}

export async function upgradeRaw(port: number, pieces: readonly Buffer[] = []): Promise<RawFrames> {
  const socket = connect({ port, host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  let heard = "";
  let news = Promise.withResolvers<void>();
  const wake = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  socket.on("data", (bytes: Buffer) => {
    heard += bytes.toString("latin1");
    wake();
  });
  socket.on("close", wake);
  await once(socket, "connect");
  socket.write(UPGRADE);
  for (const piece of pieces) socket.write(piece);
  const until = async (words: string): Promise<void> => {
    while (!heard.includes(words) && !socket.closed) await news.promise;
  };
  await until('"type":"hello"');
  return {
    socket,
    heard: () => heard,
    until,
    closed: async () => {
      while (!socket.closed) await news.promise;
    },
  };
}

/** A hello without a device, as a frame's text. */
export function helloText(name: string): string {
  return JSON.stringify({
    id: 1,
    type: "hello",
    body: { version: 1, features: [], client: "raw", name, device: null },
  });
}
