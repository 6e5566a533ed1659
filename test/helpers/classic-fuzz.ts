import { createECDH } from "node:crypto";
import * as fc from "fast-check";
import { agreedKey, padded, sealed } from "./classic-crypto.ts";
import type { ClassicPeer } from "./classic-peer.ts";

/** One line of somebody who knows the grammar and means no good. What it says may depend on the connection's keys. */
export type FuzzedLine = (keys: FuzzKeys) => Buffer;

interface FuzzKeys {
  readonly server: string;
  /** The connection's key; a line that sends another changes it. */
  current: Uint8Array;
}

/** Lines that leave the connection open, and nothing else in them that could: no EXIT, no bad key, no endless key block. */
export function openLines(count: number): fc.Arbitrary<readonly FuzzedLine[]> {
  return fc.array(line, { minLength: count, maxLength: count });
}

/** What ends a connection, or leaves it hanging in the middle of something. */
export const ending: fc.Arbitrary<(peer: ClassicPeer) => void> = fc.constantFrom(
  (peer) => peer.say("EXIT"),
  (peer) => peer.say("CLIENTPUBKEY", "not a key", "END CLIENTPUBKEY"),
  (peer) => peer.write("x".repeat(70_000)),
  (peer) => {
    peer.say("CLIENTPUBKEY");
    peer.socket.end("04ab");
  },
  (peer) => peer.socket.end("SEND ALL 0011"),
  (peer) => peer.socket.end(),
  (peer) => peer.socket.resetAndDestroy(),
);

/** Writes bytes cut at random places. */
export function writeInPieces(peer: ClassicPeer, bytes: Buffer, cuts: readonly number[]): void {
  const places = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
  [...places, bytes.length].forEach((end, at) => peer.write(bytes.subarray(places[at - 1] ?? 0, end)));
}

const VERBS = ["SEND", "REGISTER", "LIST", "INFO", "SERVERHELP", "SERVERINFO", "KICK", "BAN", "UNBAN", "LISTBANS"];
const NAMES = ["alice", "bob", "ALICE", "mallory", "nobody", "ALL", "all", "x:", "END", "CLIENTPUBKEY"];

const hex = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const junk = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\n", ""));
const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 2, arbitrary: hex },
  { weight: 1, arbitrary: fc.tuple(hex, hex).map(([a, b]) => `${a}|${b}`) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }).map((text) => padded(text)) },
  { weight: 1, arbitrary: junk },
);

const command = fc
  .tuple(fc.constantFrom(...VERBS), fc.array(word, { maxLength: 4 }), fc.constantFrom(" ", "  ", "\t", " \r"))
  .map(([verb, words, blank]) => saying([verb, ...words].join(blank)));

const message = fc
  .tuple(fc.string({ unit: "binary", maxLength: 60 }), fc.constantFrom("alice", "bob", "ALL", "nobody"))
  .map(([said, to]) => saying(`SEND ${to} ${padded(said)}`));

const broadcast = fc
  .tuple(fc.uint8Array({ maxLength: 200 }), fc.option(fc.nat()))
  .map(([plain, damage]): FuzzedLine => ({ current }) => {
    const payload = Buffer.from(sealed(current, plain), "hex");
    if (damage !== null) payload[damage % payload.length]! ^= 0x40;
    return Buffer.from(`SEND ALL ${payload.toString("hex")}`);
  });

const newKey = fc.constant<FuzzedLine>((keys) => {
  const pair = createECDH("prime256v1");
  const publicKey = pair.generateKeys("hex");
  keys.current = agreedKey(pair, keys.server);
  return Buffer.from(`CLIENTPUBKEY\n${publicKey}\nEND CLIENTPUBKEY`);
});

const bytes = fc.uint8Array({ maxLength: 300 }).map(
  (raw): FuzzedLine =>
    () =>
      Buffer.from(raw.filter((byte) => byte !== 0x0a)),
);

const long = fc.nat({ max: 65_536 }).map((length) => saying("x".repeat(length)));

const line = fc.oneof(
  { weight: 10, arbitrary: command },
  { weight: 3, arbitrary: message },
  { weight: 3, arbitrary: broadcast },
  { weight: 2, arbitrary: bytes },
  { weight: 1, arbitrary: newKey },
  { weight: 1, arbitrary: long },
);

function saying(said: string): FuzzedLine {
  return () => Buffer.from(said);
}
