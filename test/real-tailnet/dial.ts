import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import type { Host } from "./network.ts";

/**
 * A connection that begins in another network namespace, as a peer of this process: a program there connects, and hands
 * on what goes either way. A connection that never came about looks like one that was closed without a word.
 */
export function dialFrom({ through }: Host, address: string, port: number): ClassicPeer {
  const [file = "", ...words] = through;
  const child = spawn(file, [...words, process.execPath, "-e", RELAY, address, String(port)], {
    // For Node a "pipe" is a pair of sockets that go both ways.
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const socket = child.stdio[3];
  if (!(socket instanceof Socket)) throw new Error("no way to the program that dials");
  onTestFinished(() => void socket.destroy());
  return new ClassicPeer(socket);
}

const RELAY = `
  const { Socket, connect } = require("node:net");
  const here = new Socket({ fd: 3 });
  const there = connect({ host: process.argv[1], port: Number(process.argv[2]) });
  for (const [one, other] of [[here, there], [there, here]]) {
    one.on("error", () => {}).on("close", () => other.destroySoon());
    one.pipe(other);
  }
`;
