import type { ServerLine } from "../../wire/classic/server-lines.ts";
import type { Refusal } from "../refusals.ts";
import { refusalOf } from "./refusals.ts";

/** Where the set-up of a connection stands, from the REGISTER that was sent (PROTOCOL.md, set-up of a connection). */
export type Handshake =
  | { readonly kind: "awaiting-registered" }
  | { readonly kind: "awaiting-key"; readonly operator: boolean }
  | { readonly kind: "reading-key"; readonly operator: boolean; readonly hex: string };

export type HandshakeStep =
  | { readonly kind: "more"; readonly next: Handshake }
  /** Now the client sends its own key, and the connection is in use: generation 1 never acknowledges it. */
  | { readonly kind: "complete"; readonly operator: boolean; readonly serverKey: Uint8Array }
  | { readonly kind: "refused"; readonly error: Refusal }
  | { readonly kind: "not-padserve" };

const KEY_DIGITS = 130;

/** Takes one line of the server. Lines that other people cause (messages, KICKED, BANNED) are not for it. */
export function advanceHandshake(state: Handshake, line: ServerLine): HandshakeStep {
  if (line.kind === "error") return { kind: "refused", error: refusalOf(line.error) };
  if (line.kind === "other-error") return { kind: "refused", error: { reason: "other", text: line.text } };
  switch (state.kind) {
    case "awaiting-registered":
      return line.kind === "registered"
        ? { kind: "more", next: { kind: "awaiting-key", operator: line.operator } }
        : { kind: "not-padserve" };
    case "awaiting-key":
      return line.kind === "public-key-begin"
        ? { kind: "more", next: { kind: "reading-key", operator: state.operator, hex: "" } }
        : { kind: "not-padserve" };
    case "reading-key":
      return readKey(state, line);
  }
}

function readKey(state: Extract<Handshake, { kind: "reading-key" }>, line: ServerLine): HandshakeStep {
  if (line.kind === "hex" && state.hex.length + line.hex.length <= KEY_DIGITS) {
    return { kind: "more", next: { ...state, hex: state.hex + line.hex } };
  }
  if (line.kind !== "public-key-end" || state.hex.length !== KEY_DIGITS) return { kind: "not-padserve" };
  return { kind: "complete", operator: state.operator, serverKey: Buffer.from(state.hex, "hex") };
}
