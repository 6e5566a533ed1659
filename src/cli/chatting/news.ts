import type { Chat } from "../../view/chat/chat.ts";
import type { ChatSnapshot, Conversation, Entry, Message } from "../../view/chat/snapshot.ts";
import { markOf, senderOf } from "../../view/sender.ts";
import { visible, visibleLine, visibleName } from "../../text/visible.ts";

/** One line to show: what somebody said, what went wrong, or anything else. */
export interface Line {
  readonly kind: "said" | "trouble" | "note";
  readonly text: string;
  /** When it was said, in milliseconds since 1970; absent: now. */
  readonly at?: number;
  /** Whether it concerns another conversation than the one that is written to. */
  readonly elsewhere?: boolean;
}

/**
 * What a chat has to tell, line by line, as it comes: for terminals without a screen, and for pipes. What was written here stands on
 * the screen as it was typed, and is told again only where it waits, or came to nothing.
 * @param ownToo whether anything is told of own messages; else whoever sends them tells what became of them.
 */
export function tellNews(chat: Chat, show: (line: Line) => void, ownToo = true): void {
  let next = 0;
  const unsettled = new Set<number>();
  /** Of those, which it has been said of that they wait. */
  const waiting = new Set<number>();
  /** Messages that were changed or taken back, with what was told of them last. */
  const changed = new Map<number, string>();

  function tell(): void {
    const snapshot = chat.getSnapshot();
    const { conversations, current } = snapshot;
    const news = conversations
      .flatMap((conversation) => fresh(conversation).map((entry) => ({ conversation, entry })))
      .toSorted((one, other) => one.entry.key - other.entry.key);
    for (const conversation of conversations) tellChanges(conversation);
    next = Math.max(next, ...news.map(({ entry }) => entry.key + 1));
    for (const { conversation, entry } of news) {
      if (!ownToo && entry.kind === "message" && entry.own) continue;
      if (isFromHere(entry)) unsettled.add(entry.key);
      else for (const line of linesOf(snapshot, conversation, entry)) show(line);
    }
    if (unsettled.size === 0) return;
    for (const conversation of conversations) settle(snapshot, conversation, conversation === current);
  }

  function fresh({ entries }: Conversation): readonly Entry[] {
    return entries.filter((entry) => entry.key >= next);
  }

  function tellChanges({ entries }: Conversation): void {
    for (const entry of entries) {
      if (entry.kind !== "message" || entry.sealed === undefined) continue;
      const isGone = entry.sealed.body === "deleted";
      if (!isGone && !entry.sealed.edited) continue;
      const now = isGone ? "" : entry.text;
      if (changed.get(entry.key) === now) continue;
      changed.set(entry.key, now);
      if (entry.key >= next) continue;
      const who = senderOf(entry);
      show({
        kind: "note",
        text: isGone ? `${who} took a message back.` : `${who} changed a message: ${visible(now)}`,
      });
    }
  }

  /** One that did not arrive is noted where it isn't shown. */
  function settle({ link }: ChatSnapshot, { title, entries, held }: Conversation, isCurrent: boolean): void {
    for (const entry of entries) {
      if (entry.kind !== "message" || !unsettled.has(entry.key)) continue;
      if (entry.sealed?.body === "deleted") {
        // That it was taken back has been said.
        unsettled.delete(entry.key);
        waiting.delete(entry.key);
        continue;
      }
      const said = `To ${visibleLine(title)}, "${visible(entry.text)}"`;
      if (entry.delivery.kind === "sending") {
        const waits = link.kind !== "online" || held !== null;
        if (!waits || waiting.has(entry.key)) continue;
        waiting.add(entry.key);
        // Why it is held has been said.
        if (held !== null) continue;
        show({ kind: "note", text: `${said}: waits for the server, and goes out when it is back.` });
        continue;
      }
      unsettled.delete(entry.key);
      const failure = failureOf(entry);
      if (failure !== null && isCurrent) show({ kind: "trouble", text: `${said}: ${failure}` });
      else if (waiting.delete(entry.key) && failure === null) show({ kind: "note", text: `${said}: sent now.` });
    }
  }

  chat.subscribe(tell);
  tell();
}

/** What the classic protocol says of an own message doesn't tell where it was written: here. */
function isFromHere(entry: Entry): boolean {
  return entry.kind === "message" && entry.own && (entry.sealed?.isFromHere ?? true);
}

function linesOf(snapshot: ChatSnapshot, conversation: Conversation, entry: Entry): readonly Line[] {
  if (entry.kind === "note") {
    const kind = entry.tone === "trouble" ? "trouble" : "note";
    const elsewhere = conversation.id !== snapshot.current.id;
    // What is noted in the open room concerns all of the chat.
    const where = elsewhere && conversation.kind !== "open-room" ? `${visibleLine(conversation.title)}: ` : "";
    return entry.text.split("\n").map((line) => ({ kind, text: where + visible(line), elsewhere }));
  }
  const { at } = entry;
  const where = whereOf(snapshot, conversation, entry.own);
  const who = senderOf(entry);
  const text = visible(entry.text);
  switch (entry.sealed?.body ?? "text") {
    case "text": {
      const quote = entry.sealed?.replyTo ?? null;
      const to =
        quote === null
          ? ""
          : `(to ${visibleName(quote.from)}${markOf(quote.doubt)}: ${visibleLine(quote.text, QUOTED)}) `;
      return [
        { kind: "said", at, text: entry.emote ? `* ${who}${where} ${to}${text}` : `${who}${where}: ${to}${text}` },
      ];
    }
    case "deleted":
      return [{ kind: "note", text: `${who}${where}: (deleted)` }];
    // A note says it, wherever one looks.
    case "brought-in":
      return [];
    case "members":
      return [{ kind: "note", text: `${visibleLine(conversation.title)}: ${who} ${text}` }];
    case "gap":
    case "unreadable":
    case "unknown-kind":
      return [{ kind: "trouble", text: `${visibleLine(conversation.title)}: ${who} ${text}`.replace(":  ", ": ") }];
  }
}

/** UTF-16 units of an answered message that are shown. */
const QUOTED = 40;

/** Where it was said, and, in a chat that can seal, whether the server could read it. */
function whereOf({ conversations }: ChatSnapshot, { kind, title }: Conversation, own: boolean): string {
  const to = own ? visibleLine(title) : "you";
  const seals = conversations.some(({ serverReads }) => !serverReads);
  switch (kind) {
    case "open-room":
      return seals ? " (ALL, read by the server)" : "";
    case "classic-direct":
      return seals ? ` (to ${to}, read by the server)` : ` (to ${to})`;
    case "sealed-direct":
      return ` (to ${to})`;
    case "sealed-room":
      return ` (${visibleLine(title)})`;
  }
}

function failureOf({ delivery }: Message): string | null {
  switch (delivery.kind) {
    case "refused":
      return delivery.why;
    case "unknown":
      return "the connection was lost, and whether it arrived is unknown; it was not sent again.";
    case "sending":
    case "taken":
    case "stored":
    case "delivered":
      return null;
  }
}
