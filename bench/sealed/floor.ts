/**
 * The floor of the fan-out: a bare `ws` server that sends a ready-made frame to all others for each that it gets, and a ready-made
 * answer to who sent it; one write for each connection and turn. It reads nothing and keeps nothing.
 */
import type { Socket } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { FloorReady } from "../floor.ts";
import type { FramesPlan } from "./floor-plan.ts";

interface Guest {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  heardThisTurn: number;
}

const guests = new Set<Guest>();
let entry = Buffer.alloc(1, "x");
let answer = Buffer.alloc(1, "x");
let due = false;

process.on("message", (plan: FramesPlan | "usage") => {
  // That question is for `usage-reporter.ts`, where the system can't be asked.
  if (plan === "usage") return;
  entry = Buffer.alloc(plan.entryLength, "x");
  answer = Buffer.alloc(plan.answerLength, "x");
  process.send?.("planned");
});
// Without whoever started it, nobody would end it.
process.on("disconnect", () => process.exit());

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, clientTracking: false });
server.on("connection", (webSocket, request) => {
  const guest: Guest = { webSocket, socket: request.socket, heardThisTurn: 0 };
  request.socket.setNoDelay(true);
  guests.add(guest);
  webSocket.on("error", () => {});
  webSocket.on("close", () => guests.delete(guest));
  webSocket.on("message", () => {
    guest.heardThisTurn += 1;
    if (due) return;
    due = true;
    setImmediate(answerAll);
  });
});
server.on("listening", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the floor has no port");
  const ready: FloorReady = { port: address.port };
  process.send?.(ready);
});

function answerAll(): void {
  due = false;
  let total = 0;
  for (const { heardThisTurn } of guests) total += heardThisTurn;
  for (const guest of guests) {
    guest.socket.cork();
    for (let i = guest.heardThisTurn; i < total; i++) guest.webSocket.send(entry, { binary: false });
    for (let i = 0; i < guest.heardThisTurn; i++) guest.webSocket.send(answer, { binary: false });
    guest.socket.uncork();
    guest.heardThisTurn = 0;
  }
}
