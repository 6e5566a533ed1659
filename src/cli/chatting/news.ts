import type { Chat } from "../../view/chat/chat.ts";
import type { Conversation, Entry, Message } from "../../view/chat/snapshot.ts";
import { visible } from "../../text/visible.ts";

/** One line to show: what somebody said, what went wrong, or anything else. */
export interface Line {
  readonly kind: "said" | "trouble" | "note";
  readonly text: string;
}

/** What a chat has to tell, line by line, as it comes: for terminals without a screen, and for pipes. */
export function tellNews(chat: Chat, show: (line: Line) => void): void {
  let next = 0;
  const unsettled = new Set<number>();

  function tell(): void {
    const { conversations, current } = chat.getSnapshot();
    const news = conversations
      .flatMap((conversation) => fresh(conversation).map((entry) => ({ conversation, entry })))
      .toSorted((one, other) => one.entry.key - other.entry.key);
    next = Math.max(next, ...news.map(({ entry }) => entry.key + 1));
    for (const { conversation, entry } of news) {
      if (entry.kind === "message" && entry.own) unsettled.add(entry.key);
      else for (const line of linesOf(conversation, entry)) show(line);
    }
    if (unsettled.size > 0) for (const conversation of conversations) settle(conversation, conversation === current);
  }

  function fresh({ entries }: Conversation): readonly Entry[] {
    return entries.filter((entry) => entry.key >= next);
  }

  /** An own message stands on the screen as it was typed; one that did not arrive is noted where it isn't current. */
  function settle({ title, entries }: Conversation, isCurrent: boolean): void {
    for (const entry of entries) {
      if (entry.kind !== "message" || entry.delivery.kind === "sending" || !unsettled.delete(entry.key)) continue;
      const failure = failureOf(entry);
      if (failure !== null && isCurrent)
        show({ kind: "trouble", text: `To ${visible(title)}, "${visible(entry.text)}": ${failure}` });
    }
  }

  chat.subscribe(tell);
  tell();
}

function linesOf({ kind: of }: Conversation, entry: Entry): readonly Line[] {
  if (entry.kind === "note") {
    const kind = entry.tone === "trouble" ? "trouble" : "note";
    return entry.text.split("\n").map((line) => ({ kind, text: visible(line) }));
  }
  const privately = of === "open-room" ? "" : " (to you)";
  const who = visible(entry.from);
  const text = visible(entry.text);
  return [{ kind: "said", text: entry.emote ? `* ${who}${privately} ${text}` : `${who}${privately}: ${text}` }];
}

function failureOf({ delivery }: Message): string | null {
  switch (delivery.kind) {
    case "refused":
      return delivery.why;
    case "unknown":
      return "the connection was lost, and whether it arrived is unknown; it was not sent again.";
    default:
      return null;
  }
}
