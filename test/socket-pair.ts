import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { LineConnection } from "../src/net/line-connection.ts";
import type { LineOptions } from "../src/net/line-options.ts";
import { openListener } from "../src/net/listener.ts";
import type { CloseReason } from "../src/net/close-reason.ts";
import type { Listener } from "../src/net/listener.ts";

/** A listener on loopback, on a port of the system's choice, closed with the test. */
export async function openLoopback(onConnection: (socket: Socket) => void): Promise<Listener> {
  const result = await openListener({ address: "127.0.0.1", port: 0, onConnection });
  if (result.kind !== "listening") throw result.error;
  onTestFinished(() => result.listener.close());
  return result.listener;
}

/** A client's socket, connected; it ends its own side only when told. */
export async function connectTo(port: number): Promise<Socket> {
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void client.destroy());
  client.on("error", () => {});
  await once(client, "connect");
  return client;
}

/** Both ends of one connection, the server's as the listener hands it out. */
export async function socketPair(): Promise<{ client: Socket; accepted: Socket }> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const listener = await openLoopback(resolve);
  const client = await connectTo(listener.port);
  const accepted = await promise;
  onTestFinished(() => void accepted.destroy());
  return { client, accepted };
}

export interface LineEnd {
  readonly client: Socket;
  readonly accepted: Socket;
  readonly connection: LineConnection;
  /** All that was handed up, in order: lines as they are, the other calls as `<too-long>`, `<end>`, `<close reason>`. */
  readonly heard: string[];
  readonly closed: Promise<CloseReason>;
  /** Resolves when something handed up satisfies. */
  readonly until: (wanted: (line: string) => boolean) => Promise<void>;
}

interface LineHandlers {
  readonly onLine: (line: Buffer) => void;
  readonly onTooLong: () => void;
  readonly onEnd: () => void;
  readonly onDrain: () => void;
  readonly onClose: (reason: CloseReason) => void;
}

/** A line connection on the server's end, which writes down what it hands up and then calls the given handlers. */
export async function lineEnd(options: LineOptions & Partial<LineHandlers> = {}): Promise<LineEnd> {
  const { client, accepted } = await socketPair();
  const heard: string[] = [];
  const closed = Promise.withResolvers<CloseReason>();
  let waiting: { wanted: (line: string) => boolean; resolve: () => void }[] = [];
  const note = (line: string): void => {
    heard.push(line);
    for (const { resolve } of waiting.filter(({ wanted }) => wanted(line))) resolve();
    waiting = waiting.filter(({ wanted }) => !wanted(line));
  };
  const connection = new LineConnection(accepted, options, {
    onMessage: (line) => {
      note(line.toString("latin1"));
      options.onLine?.(line);
    },
    onUnfinished: () => {},
    onTooLong: () => {
      note("<too-long>");
      options.onTooLong?.();
    },
    onEnd: () => {
      note("<end>");
      options.onEnd?.();
    },
    onDrain: () => options.onDrain?.(),
    onClose: (reason) => {
      note(`<${reason}>`);
      closed.resolve(reason);
      options.onClose?.(reason);
    },
  });
  const until = (wanted: (line: string) => boolean): Promise<void> =>
    heard.some(wanted) ? Promise.resolve() : new Promise((resolve) => void waiting.push({ wanted, resolve }));
  return { client, accepted, connection, heard, closed: closed.promise, until };
}

/** All that the other side writes until it ends its side. */
export async function readToEnd(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  await once(socket, "end");
  return Buffer.concat(pieces).toString("latin1");
}

/** Waits until so much has come, and gives it. */
export async function readBytes(socket: Socket, length: number): Promise<string> {
  const pieces: Buffer[] = [];
  let got = 0;
  while (got < length) {
    const piece: Buffer | null = socket.read();
    if (piece === null) {
      await once(socket, "readable");
    } else {
      pieces.push(piece);
      got += piece.length;
    }
  }
  return Buffer.concat(pieces).toString("latin1");
}

/** Cuts bytes at the given places. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places)].toSorted((a, b) => a - b).filter((place) => place > 0 && place < bytes.length);
  return [...sorted, bytes.length].map((place, index) => bytes.subarray(sorted[index - 1] ?? 0, place));
}

/** Resolves when the socket has closed, for whatever reason. */
export function closing(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : happening(socket, "close");
}

/** Resolves with an event; unlike `once` of node:events, also when an error comes first. */
export function happening(socket: Socket, event: "close" | "end"): Promise<void> {
  return new Promise((resolve) => void socket.once(event, () => resolve()));
}
