import type { ChatMessage, Conversation, Doubt } from "../../client/index.ts";
import { markedName } from "../../view/sender.ts";
import { plainJson } from "../../text/visible.ts";

/** What programs are told of a sealed message; `at` is in UTC, by ISO 8601. Keys in this order. */
export interface MessageJson {
  /** A room's name with its `#`; or with whom it was said. */
  readonly room?: string;
  readonly with?: string;
  readonly from: string;
  readonly device: string;
  readonly at: string;
  /** Its number in the conversation; null: the server doesn't have it yet. */
  readonly number: number | null;
  readonly id: string;
  readonly text: string;
  readonly sealed: true;
  /** Why it may not be whom `from` names: only then, and `from` has a mark behind the name. */
  readonly doubt?: Doubt;
}

/** A message as programs are told of it; null for one that isn't sealed. */
export function messageJson(
  { kind, title }: Pick<Conversation, "kind" | "title">,
  message: ChatMessage,
): MessageJson | null {
  const { at, id, text, sealed } = message;
  if (sealed === undefined) return null;
  const where = kind === "sealed-room" ? { room: title } : { with: title };
  const { device, number, doubt } = sealed;
  const from = markedName(message);
  const json = { ...where, from, device, at: isoTime(at), number, id, text, sealed: true } as const;
  return doubt === undefined ? json : { ...json, doubt };
}

export function jsonLine(value: object): string {
  return `${plainJson(value)}\n`;
}

/** Not every number that a sender may write is a time: what is none is told as the first second of 1970. */
export function isoTime(at: number): string {
  const date = new Date(at);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}
