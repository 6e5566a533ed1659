/**
 * The floor: what sending so many bytes to so many sockets costs a bare `node:net` program. It says what a server says
 * when a client sets up, then answers each line with ready-made lines of the length that a server's would have, one
 * write for each connection and turn. It knows no names, no limits, no ciphers, and stores nothing.
 */
import { createServer, type Socket } from "node:net";
import { MOST_IN_FLIGHT as MOST_LINES } from "./orders.ts";
import { createKeyPair, publicKeyHex } from "../src/wire/classic/key-exchange.ts";
import { encodeServerLine } from "../src/wire/classic/server-lines.ts";

/** What each line leads to: sent over the IPC channel before a run. */
export interface FloorPlan {
  /** To all the others and an acknowledgement to the sender, or to the one partner (2i and 2i + 1) and no other word. */
  readonly pattern: "broadcast" | "direct";
  /** Bytes of the ready-made line, with its `\n`. */
  readonly lineLength: number;
}

/** Told over the IPC channel when it listens. */
export interface FloorReady {
  readonly port: number;
}

interface Guest {
  readonly socket: Socket;
  /** The number of the guest who gets this one's direct messages. */
  readonly partner: number;
  lines: number;
  linesThisTurn: number;
}

const LINES_OF_SET_UP = 4;
const NEWLINE = 0x0a;

const GREETING = [
  encodeServerLine({ kind: "registered", operator: false }),
  encodeServerLine({ kind: "public-key-begin" }),
  encodeServerLine({ kind: "hex", hex: publicKeyHex(createKeyPair()) }),
  encodeServerLine({ kind: "public-key-end" }),
].join("");
const KEY_RECEIVED = encodeServerLine({ kind: "public-key-received" });
const SENT = repeated(Buffer.from(encodeServerLine({ kind: "broadcast-sent" })));

const guests = new Map<number, Guest>();
let arrivals = 0;
let plan: FloorPlan = { pattern: "broadcast", lineLength: 1 };
let ready = SENT;
let heardThisTurn: Guest[] = [];

process.on("message", (message: FloorPlan | "usage") => {
  // That question is for `usage-reporter.ts`, where the system can't be asked.
  if (message === "usage") return;
  plan = message;
  ready = repeated(Buffer.alloc(plan.lineLength, "x").fill(NEWLINE, plan.lineLength - 1));
  process.send?.("planned");
});
// Without whoever started it, nobody would end it.
process.on("disconnect", () => process.exit());

const server = createServer({ noDelay: true }, (socket) => {
  const number = arrivals++;
  const guest: Guest = { socket, partner: number ^ 1, lines: 0, linesThisTurn: 0 };
  guests.set(number, guest);
  socket.on("data", (bytes: Buffer) => hear(guest, bytes));
  socket.on("error", () => {});
  socket.on("close", () => guests.delete(number));
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the floor has no port");
  const isReady: FloorReady = { port: address.port };
  process.send?.(isReady);
});

function hear(guest: Guest, bytes: Buffer): void {
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    guest.lines++;
    if (guest.lines === 1) guest.socket.write(GREETING);
    else if (guest.lines === LINES_OF_SET_UP) guest.socket.write(KEY_RECEIVED);
    else if (guest.lines > LINES_OF_SET_UP) countMessage(guest);
  }
}

function countMessage(guest: Guest): void {
  if (heardThisTurn.length === 0) setImmediate(answer);
  if (guest.linesThisTurn === 0) heardThisTurn.push(guest);
  guest.linesThisTurn++;
}

function answer(): void {
  if (plan.pattern === "broadcast") answerAll();
  else for (const { partner, linesThisTurn } of heardThisTurn) guests.get(partner)?.socket.write(lines(linesThisTurn));
  for (const guest of heardThisTurn) guest.linesThisTurn = 0;
  heardThisTurn = [];
}

function answerAll(): void {
  const total = heardThisTurn.reduce((sum, { linesThisTurn }) => sum + linesThisTurn, 0);
  for (const { socket, linesThisTurn: own } of guests.values()) {
    if (own === 0) {
      socket.write(lines(total));
      continue;
    }
    socket.cork();
    if (total > own) socket.write(lines(total - own));
    socket.write(SENT.subarray(0, own * (SENT.length / MOST_LINES)));
    socket.uncork();
  }
}

function lines(count: number): Buffer {
  return ready.subarray(0, count * plan.lineLength);
}

/** The load never has more than `MOST_LINES` messages in flight. */
function repeated(line: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: MOST_LINES }, () => line));
}
