import type { ChatEvent, ChatMessage, ConnectionEnd, SealedChat } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { markedName } from "../../view/sender.ts";
import type { Explanation } from "../explain.ts";
import { explainFailure } from "../explain.ts";
import { messageJson } from "../sealed/message.ts";
import { aborted, type SealedConversation } from "../sealed/whereabouts.ts";
import type { Handler } from "./handler.ts";
import { Inbox } from "./inbox.ts";
import type { Ending } from "./listening.ts";
import type { Heard } from "./message.ts";
import { narrator } from "./narrate.ts";

export interface SealedListening {
  readonly chat: SealedChat;
  readonly server: ServerAddress;
  readonly conversation: SealedConversation;
  /** The number behind which to begin; null: with what comes from now on. */
  readonly since: number | null;
  readonly isWanted: (message: { readonly from: string; readonly to: string }) => boolean;
  readonly handler: (cannotHandle: () => void) => Handler;
  readonly count: number;
  /** Milliseconds; null: no end. */
  readonly timeout: number | null;
  readonly queue: number;
  readonly stop: AbortSignal;
  readonly note: (line: string) => void;
}

/** Messages of one page of what was said before. */
const PAGE = 100;

/**
 * Hears and handles what others say in one conversation, each message once and in the order of their numbers. What was said before
 * is read page by page, no faster than it is handled; what comes meanwhile is found there.
 */
export async function listenSealed(listening: SealedListening): Promise<Ending | Explanation> {
  const { chat, server, conversation, count, timeout, stop, note } = listening;
  const over = Promise.withResolvers<"enough" | "cannot-handle" | "time">();
  const inbox = new Inbox(listening.queue, listening.handler(cannotHandle), note);
  const where = conversation.kind === "sealed-room" ? "in" : "to";
  const narrate = narrator({ server, id: chat.me, where: `${where} ${visibleLine(conversation.title)} ` }, note);
  let heard = 0;
  let last = -1;
  /** While pages are read, what comes is not handled but looked for in the next. */
  let isLive = false;
  let isMissed = false;
  let isOver = false;
  stop.addEventListener("abort", () => inbox.halt(), { once: true });
  const stopHearing = chat.onEvent(hear);

  try {
    const failure = listening.since === null ? await fromNow() : await fromNumber(listening.since);
    if (failure !== null) return explainFailure(failure, server);
    narrate({ kind: "state", state: chat.state });
    const timer = timeout === null ? undefined : setTimeout(() => over.resolve("time"), timeout);
    const ended = chat.ended();
    const why = await Promise.race([over.promise, ended.then(() => "lost" as const), aborted(stop)]);
    clearTimeout(timer);
    isOver = true;
    await inbox.finish();
    if (why === null) return { kind: "lost", cause: LEFT };
    return why === "lost" ? { kind: why, cause: await ended } : why === "time" ? { kind: why, heard } : { kind: why };
  } finally {
    isOver = true;
    stopHearing();
  }

  function hear(event: ChatEvent): void {
    if (isOver || stop.aborted) return;
    if (event.kind === "state" || event.kind === "notice" || event.kind === "word") {
      if (isLive) narrate(event);
    } else if (event.kind === "message" && event.conversation.id === conversation.id) {
      if (isLive) take(event.message);
      else isMissed ||= (event.message.sealed?.number ?? -1) > last;
    }
  }

  async function fromNow() {
    const newest = await newestNumber();
    if (typeof newest !== "number") return newest;
    last = newest;
    isLive = true;
    return null;
  }

  /** -1: nothing was said yet. */
  async function newestNumber() {
    // The newest may be own ones that wait, which have no number.
    const reply = await chat.page(conversation.id, null, PAGE);
    if (reply.kind !== "answered") return reply;
    return Math.max(-1, ...reply.value.messages.map(({ sealed }) => sealed?.number ?? -1));
  }

  async function fromNumber(number: number) {
    const newest = await newestNumber();
    if (typeof newest !== "number") return newest;
    last = Math.min(number, newest);
    // Waiting for that number, it would miss all that comes until then.
    if (number > newest)
      note(`There is no message ${number} yet; the last one is ${newest}. What comes after that is told.`);
    for (;;) {
      isMissed = false;
      const limit = Math.min(PAGE, listening.queue);
      const reply = await chat.since(conversation.id, last, limit);
      if (reply.kind !== "answered") return reply;
      const before = last;
      for (const message of reply.value) take(message);
      await inbox.finish();
      // A page that has nothing new would be asked for again for ever.
      if ((reply.value.length < limit || last === before) && !isMissed) break;
      if (stop.aborted || heard >= count) break;
    }
    isLive = true;
    return null;
  }

  /** A message that was told before and has changed has a number that was there. */
  function take(message: ChatMessage): void {
    const { sealed, own, text } = message;
    const from = markedName(message);
    const number = sealed?.number ?? null;
    if (sealed === undefined || number === null || number <= last || heard >= count) return;
    last = number;
    const to = conversation.kind === "sealed-room" ? conversation.title : chat.me;
    switch (sealed.body) {
      case "text":
        if (own) return;
        if (listening.isWanted({ from, to })) add({ message, to });
        else if (listening.isWanted({ from: message.from, to }))
          note(`Not taken for theirs: a message of ${visibleLine(from)}`);
        return;
      case "unreadable":
      case "unknown-kind":
      case "gap":
        note(`${visibleLine(from)}: ${visibleLine(text)}`);
        return;
      case "brought-in":
        note(`${visibleLine(conversation.title)}: ${visibleLine(from)} ${visibleLine(text)}`);
        return;
      case "deleted":
      case "members":
    }
  }

  function add({ message, to }: { readonly message: ChatMessage; readonly to: string }): void {
    const { at, text } = message;
    const from = markedName(message);
    const sealed = messageJson(conversation, message);
    const item: Heard = { at: new Date(at), from, to, text, ...(sealed === null ? {} : { sealed }) };
    if (inbox.add(item, from.length + text.length)) heard += 1;
    if (heard === count) over.resolve("enough");
  }

  function cannotHandle(): void {
    inbox.halt();
    over.resolve("cannot-handle");
  }
}

const LEFT: ConnectionEnd = { kind: "left" };
