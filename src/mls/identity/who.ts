/**
 * Who is who in sealed groups. This folder says what a device, its person and their keys are, and what one has known of others
 * before; it knows no group, no file and no clock. Its only secrets are those that are handed to it.
 */
import type { RecordKind } from "../room-policy.ts";
import { concat, domain, withLength } from "./bytes.ts";

/**
 * A person (by Tailscale user id), machine (by stable node id), address, or name (of a server without tailnet), on one
 * server. Labels are for people to read and never part of it.
 */
export interface Who {
  /** The server's id, 1 to 64 bytes. */
  readonly server: Uint8Array;
  readonly kind: RecordKind;
  readonly identity: string;
}

/** In the order of their byte in the device record, from 1. */
export const KINDS: readonly RecordKind[] = ["person", "machine", "address", "name"];

/** One string for each; equal exactly when they are the same. */
export function whoKey(who: Who): string {
  return `${Buffer.from(who.server).toString("hex")}:${who.kind}:${who.identity}`;
}

export function isSameWho(a: Who, b: Who): boolean {
  return whoKey(a) === whoKey(b);
}

/** The bytes that stand for them in hashes and signatures: unambiguous, and begun by what they are for. */
export function whoBytes(purpose: string, who: Who): Uint8Array {
  return concat(
    domain(purpose),
    withLength(who.server),
    Uint8Array.of(KINDS.indexOf(who.kind) + 1),
    withLength(new TextEncoder().encode(who.identity)),
  );
}
