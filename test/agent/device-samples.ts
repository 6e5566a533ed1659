import { randomBytes } from "node:crypto";
import type { Change } from "../../src/agent/storage/changes.ts";
import type { HistoryEntry, OutboxRow } from "../../src/agent/storage/kept.ts";
import { whoKey } from "../../src/mls/identity/who.ts";
import type { Who } from "../../src/mls/identity/who.ts";

export const group = new Uint8Array(16).fill(7);
export const conversation = "#ops";
export const hash = new Uint8Array(32).fill(9);
export const bob: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1002" };

export function id(number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, number);
  return bytes;
}

export function groupAdded(of: Uint8Array = group, cursor = 3): Change {
  return { kind: "group-added", group: of, conversation, status: "active", cursor, hash, updateDue: 1000 };
}

export function groupSaved(state: Uint8Array, tree: Uint8Array | null, of: Uint8Array = group): Change {
  return { kind: "group-saved", slot: "active", saved: { groupId: of, state, tree, epochs: [] } };
}

export function written(number: number, text = `text ${number}`): OutboxRow {
  return { messageId: id(number), content: Buffer.from(text), text, writtenAt: number };
}

export function message(number: number, text: string, device: Uint8Array = id(500)): Message {
  const content = Buffer.from(text);
  const by = { who: whoKey(bob), device, deviceLabel: "laptop" };
  return { kind: "message", ...by, messageId: id(number), content, text, amends: null, missed: 0 };
}

type Message = Extract<HistoryEntry, { kind: "message" }>;

export function historyKept(number: number, entry: HistoryEntry, of: Uint8Array = group): Change {
  return { kind: "history-kept", conversation, group: of, number, at: 1_000_000 + number, entry };
}

/** Sixty-four random bytes, so that a search through a file means something. */
export function secret(): Uint8Array {
  return Uint8Array.from(randomBytes(64));
}
