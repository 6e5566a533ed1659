/** The classic protocol on this server: lines of `wire/classic` in and out, and what a connection's keys open and seal. */
import { LineConnection } from "../../net/line-connection.ts";
import { createKeyPair, publicKeyHex } from "../../wire/classic/key-exchange.ts";
import type { Protocol } from "../session/protocol.ts";
import type { Limits } from "../session/limits.ts";
import { createClassicEncoder, type ServerFacts } from "./outbound.ts";
import { createScratch } from "./scratch.ts";
import { ClassicSession, type ClassicServices } from "./session.ts";
import { turnAway } from "./turn-away.ts";

export interface ClassicOptions {
  /** Longest line of a client, in bytes. */
  readonly maxLine: number;
  readonly limits: Limits;
  /** How many hear a broadcast. */
  readonly readers: () => number;
  readonly facts: () => Omit<ServerFacts, "publicKeyHex">;
}

/** The server's key pair lives as long as the process, as the original's. */
export function createClassicProtocol({ maxLine, limits, readers, facts }: ClassicOptions): Protocol {
  const keyPair = createKeyPair();
  const keyHex = publicKeyHex(keyPair);
  const lines = { lineLimit: maxLine, queueLimit: limits.output };
  const services: ClassicServices = {
    keyPair,
    encode: createClassicEncoder(() => ({ ...facts(), publicKeyHex: keyHex })),
    scratch: createScratch(),
    mostHeld: limits.output,
    readers,
  };
  return {
    sharing: "exclusive",
    setUpFactor: 1,
    connect: (socket, handler) => new LineConnection(socket, lines, handler),
    start: (session) => new ClassicSession(session, services),
    turnAway,
  };
}
