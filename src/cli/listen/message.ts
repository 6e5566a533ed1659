import type { ClientEvent } from "../../client/classic/index.ts";
import { escapedLine, plainJson } from "../../text/visible.ts";
import type { MessageJson } from "../sealed/message.ts";

/** A message as it was heard; `to` is `ALL`, a room or our own name. */
export interface Heard {
  readonly at: Date;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** Absent where the server could read it. */
  readonly sealed?: MessageJson;
}

/** From, to and text with tabs between; none of them can hold a tab or a line end of its own. */
export function asLine({ from, to, text }: Heard): string {
  return `${escapedLine(from)}\t${escapedLine(to)}\t${escapedLine(text)}\n`;
}

/** One JSON object on a line of its own; `at` in UTC, by ISO 8601. */
export function asJson({ at, from, to, text, sealed }: Heard): string {
  return `${plainJson(sealed ?? { at: at.toISOString(), from, to, text })}\n`;
}

/** Whether a message is one of those asked for: from one of these names, in any case, and to whom. */
export function isWanted(
  { from, to }: Pick<Extract<ClientEvent, { kind: "message" }>, "from" | "to">,
  senders: readonly string[] | undefined,
  recipient: string | undefined,
): boolean {
  const sender = from.toLowerCase();
  if (senders !== undefined && !senders.some((other) => other.toLowerCase() === sender)) return false;
  return recipient === undefined || (recipient === "ALL") === (to === "ALL");
}
