/**
 * `agent/wire`: what a face and its agent say to each other over the local socket: one line of JSON after another, checked on both
 * sides. This folder knows the protocol, where the socket is, and how lines travel; it knows neither side's work.
 */

import type { Socket } from "node:net";
import { nextLine } from "../../net/line-splitter.ts";
import type { Rest } from "../../net/line-splitter.ts";
import { MOST_UNREAD } from "./version.ts";

export interface ChannelOwner {
  line(line: string): void;
  /** Once, and nothing after it. `why` is for a log. */
  ended(why: string): void;
}

/** Milliseconds for the last line to be read. */
const GOODBYE = 1000;

/** A local socket as lines of bounded length, both ways. */
export class Channel {
  readonly #socket: Socket;
  readonly #owner: ChannelOwner;
  readonly #longest: number;
  #rest: Rest | null = null;
  /** What had been read when its owner had enough. */
  readonly #unread: Buffer[] = [];
  #isPaused = false;
  #isOver = false;

  /** `longest`: bytes of a line that the other side may send. */
  constructor(socket: Socket, longest: number, owner: ChannelOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#longest = longest;
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("error", (error) => this.end(error.message));
    socket.on("close", () => this.end("closed"));
  }

  /** Whoever doesn't read is dropped. */
  send(line: string): void {
    if (this.#isOver) return;
    this.#socket.write(`${line}\n`);
    if (this.#socket.writableLength > MOST_UNREAD) this.end("reads nothing");
  }

  /** Reads on only when the function returned was called: for who has enough to do. */
  pause(): () => void {
    this.#isPaused = true;
    this.#socket.pause();
    return () => {
      this.#isPaused = false;
      this.#socket.resume();
      for (const bytes of this.#unread.splice(0)) this.#read(bytes);
    };
  }

  /** What was sent still arrives, if the other side reads it soon. */
  finish(why: string): void {
    this.#end(why, () => {
      const timer = setTimeout(() => this.#socket.destroy(), GOODBYE).unref();
      this.#socket.end(() => {
        clearTimeout(timer);
        this.#socket.destroy();
      });
    });
  }

  end(why: string): void {
    this.#end(why, () => this.#socket.destroy());
  }

  #end(why: string, close: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    close();
    this.#owner.ended(why);
  }

  #read(bytes: Buffer): void {
    let unread: Buffer | null = bytes;
    while (unread !== null) {
      // Its owner may have had enough, for good or for now.
      if (this.#isOver) return;
      if (this.#isPaused) {
        this.#unread.push(unread);
        return;
      }
      const split = nextLine(this.#rest, unread, this.#longest);
      this.#rest = split.rest;
      ({ unread } = split);
      if (split.line !== null) this.#owner.line(split.line.toString("utf8"));
      if (split.tooLong) this.end("sent a line that is too long");
    }
  }
}
