import { sealBroadcast } from "../../src/wire/classic/broadcast-cipher.ts";
import { encodeClientLine } from "../../src/wire/classic/client-lines.ts";
import { sealPad } from "../../src/wire/classic/pad.ts";
import { encodeServerLine } from "../../src/wire/classic/server-lines.ts";
import type { Traffic } from "../orders.ts";
import type { Client } from "./client.ts";

/** A client's line, ready to be sent again and again, its text sealed beforehand. @param to who gets a direct message. */
export function readyLine({ pattern, bytes }: Traffic, from: Client, to: Client): Buffer {
  const text = "m".repeat(bytes);
  return Buffer.from(
    encodeClientLine(
      pattern === "broadcast"
        ? { kind: "broadcast", payload: sealBroadcast(from.key, text) }
        : { kind: "direct", to: to.name, body: sealPad(text) },
    ),
  );
}

/** Bytes of the line that one who hears a message gets, and of the line that its sender gets. */
export function linesHeard({ pattern, bytes }: Traffic, name: string): { heard: number; acknowledged: number } {
  const field = sealPad("m".repeat(bytes));
  return pattern === "broadcast"
    ? {
        heard: encodeServerLine({ kind: "broadcast", from: name, field }).length,
        acknowledged: encodeServerLine({ kind: "broadcast-sent" }).length,
      }
    : { heard: encodeServerLine({ kind: "message", from: name, field }).length, acknowledged: 0 };
}
