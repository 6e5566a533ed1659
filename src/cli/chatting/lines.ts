import type { ProcessContext } from "../../args/command.ts";
import type { Chat } from "../../view/chat/chat.ts";
import type { ChatSnapshot, Conversation } from "../../view/chat/snapshot.ts";
import { shownTitle, whoReads } from "../../view/chat/who-reads.ts";
import { visible, visibleLine } from "../../text/visible.ts";
import { createScreen } from "./line-screen.ts";
import { tellNews } from "./news.ts";

/**
 * The chat on a terminal without a screen: what comes in stands above the line being typed. Resolves when it is over,
 * which the end of the input brings about, too.
 */
export async function chatInLines(chat: Chat, context: ProcessContext): Promise<void> {
  const screen = createScreen(context, (line) => {
    const { length, candidates } = chat.complete(line);
    // Readline prints them as they are.
    return [candidates.filter((name) => visible(name) === name), line.slice(line.length - length)];
  });
  tellNews(chat, ({ kind, text, at }) => (kind === "said" ? screen.said(text, at) : screen.note(text)));
  let current: string | null = null;
  const followCurrent = () => {
    const snapshot = chat.getSnapshot();
    // Who reads may change while one writes, and stands in the prompt.
    screen.setPrompt(promptOf(snapshot, context.stdout.columns ?? DEFAULT_COLUMNS));
    if (snapshot.current.id === current) return;
    current = snapshot.current.id;
    screen.note(`What you write goes to ${toWhom(snapshot.current)}.`);
  };
  followCurrent();
  chat.subscribe(followCurrent);
  const typing = new AbortController();
  void chat.ended().then(() => typing.abort());
  const say = (text: string, how: "submit" | "say") => {
    const isKept = how === "say" ? !chat.say(text) : chat.submit(text) === "kept";
    const { link } = chat.getSnapshot();
    if (isKept && link.kind === "lost" && !link.takes) screen.note(`This was not sent. ${link.text}`);
    else if (isKept && link.kind !== "online") screen.note("Not connected: this was not sent.");
  };
  let held: string | null = null;
  for await (const [line, ...more] of screen.lines(typing.signal)) {
    const answer = held === null ? "" : line.trim().toLowerCase();
    if (more.length > 0) {
      held = [line, ...more].join("\n");
      if (chat.getSnapshot().settings.askPaste) screen.note(pasted(more.length + 1));
      else say(held, "say");
    } else if (held !== null && ["y", "yes"].includes(answer)) {
      say(held, "say");
    } else if (held !== null && ["", "n", "no"].includes(answer)) {
      screen.note("What was pasted was dropped.");
    } else {
      if (held !== null) screen.note("What was pasted was dropped.");
      say(line, "submit");
    }
    if (more.length === 0 || !chat.getSnapshot().settings.askPaste) held = null;
  }
  await chat.leave();
  screen.close();
}

function pasted(lines: number): string {
  return `${lines} lines were pasted, and nothing was sent. y sends them as one message, n drops them.`;
}

/** Half of the row is for what is written; whether the server reads is said in any. */
function promptOf({ current, me }: ChatSnapshot, columns: number): string {
  const room = Math.floor(columns / 2) - current.title.length;
  const title = shownTitle(current);
  if (room < LEAST_OF_READERS) return `${title} (${current.serverReads ? "server reads" : "sealed"})> `;
  const who = current.serverReads ? "the server can read this" : `sealed: ${whoReads(current, me)}`;
  return `${title} (${visibleLine(who, Math.min(MOST_OF_READERS, room))})> `;
}

/** UTF-16 units of who reads, in the prompt. */
const MOST_OF_READERS = 40;
const LEAST_OF_READERS = 24;
/** Cells of a terminal that doesn't say how wide it is. */
const DEFAULT_COLUMNS = 80;

function toWhom(conversation: Conversation): string {
  const title = shownTitle(conversation);
  switch (conversation.kind) {
    case "open-room":
      return "everybody here";
    case "classic-direct":
    case "sealed-direct":
      return `${title} alone`;
    case "sealed-room":
      return `${title}, read by ${visibleLine(conversation.readers)}`;
  }
}
