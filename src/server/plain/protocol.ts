/**
 * `server/plain`: the plain door, for people with nothing installed: `nc` or telnet, and Enter. It only joins sessions, the
 * core's commands and plain lines.
 */

import type { Identity } from "../../core/identity.ts";
import type { Notice } from "../../core/notices.ts";
import { LineConnection } from "../../net/line-connection.ts";
import { encodePlain, messageLine, serverLine } from "../../wire/plain/outgoing.ts";
import { refusalWords } from "../refusal-words.ts";
import type { Scrollback } from "../scrollback.ts";
import type { Limits } from "../session/limits.ts";
import type { Protocol } from "../session/protocol.ts";
import { PlainSession, type PlainServices } from "./session.ts";

export interface PlainOptions {
  readonly limits: Limits;
  /** Longest line of a classic client, in bytes: a text in it is a quarter of that. */
  readonly maxLine: number;
  readonly scrollback: Scrollback;
  readonly ownName: (identity: Identity) => string | null;
  readonly suggestedName: (identity: Identity) => string | null;
  readonly host: () => string;
  readonly readers: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

/** A person has to read and type, so they get this many times as long as a program for each step of setting up. */
const SET_UP_FACTOR = 12;

export function createPlainProtocol(options: PlainOptions): Protocol {
  const { limits, wall } = options;
  const maxLine = Math.floor(options.maxLine / 4);
  const lines = { lineLimit: maxLine, queueLimit: limits.output, lineEnds: "telnet" } as const;
  const services: PlainServices = { ...options, maxLine, encode: createEncoder(wall) };
  return {
    sharing: "shared",
    setUpFactor: SET_UP_FACTOR,
    connect: (socket, handler) => new LineConnection(socket, lines, handler),
    start: (session, { identity }) => new PlainSession(session, identity, services),
    turnAway: (socket, refusal) => {
      socket.end(encodePlain([serverLine(refusalWords(refusal))], "\n"));
      socket.resume();
      socket.setTimeout(2000, () => socket.destroy());
    },
  };
}

/** The same notice asked for again at once, as in a fan-out, is encoded only once. */
function createEncoder(wall: () => number): PlainServices["encode"] {
  let last: { readonly notice: Notice; readonly bytes: Buffer } | null = null;
  return (notice) => {
    if (last?.notice !== notice) {
      const { from, text } = notice;
      last = { notice, bytes: encodePlain([messageLine({ at: wall(), from, text, direct: false })], "\n") };
    }
    return last.bytes;
  };
}
