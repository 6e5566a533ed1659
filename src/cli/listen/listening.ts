import type { ClientEvent } from "../../client/classic/index.ts";
import type { ConnectionEnd } from "../../client/index.ts";
import { enter } from "../enter.ts";
import { NAME_TIMEOUT, type Destination } from "../script.ts";
import type { Handler } from "./handler.ts";
import { Inbox } from "./inbox.ts";
import { narrator } from "./narrate.ts";
import { startIn } from "../time-limit.ts";

/** What to listen for, and what to do with it. */
export interface Listening {
  readonly destination: Destination;
  readonly isWanted: (message: { readonly from: string; readonly to: string }) => boolean;
  /** Handles each message; given what to call when none ever can be. */
  readonly handler: (cannotHandle: () => void) => Handler;
  /** How many messages to hear; Infinity: no end. */
  readonly count: number;
  /** Milliseconds until there is a connection, and again from then on, over later losses of it; null: no end. */
  readonly timeout: number | null;
  /** How many messages may wait while one is handled. */
  readonly queue: number;
  readonly stop: AbortSignal;
  /** Tells a person something, in one line. */
  readonly note: (line: string) => void;
}

/** Why it is over. */
export type Ending =
  | { readonly kind: "enough" | "cannot-handle" }
  /** `heard` counts the messages up to then. */
  | { readonly kind: "time"; readonly heard: number }
  | { readonly kind: "lost"; readonly cause: ConnectionEnd };

/** There was no connection in time. */
interface NotStarted {
  readonly kind: "not-started";
}

/** Hears and handles messages until there are enough, time is over, or the connection is for good. What was heard is handled. */
export async function listenTo(listening: Listening): Promise<Ending | NotStarted> {
  const { destination, count, timeout, stop, note } = listening;
  const over = Promise.withResolvers<"enough" | "cannot-handle" | "time">();
  const inbox = new Inbox(listening.queue, listening.handler(cannotHandle), note);
  const narrate = narrator(destination, note);
  const leaving = new AbortController();
  const start = startIn(timeout, stop);
  const signal = AbortSignal.any([start.signal, leaving.signal]);
  let heard = 0;
  // At once: no command may be started that nobody tells to stop.
  stop.addEventListener("abort", () => inbox.halt(), { once: true });

  function hear(event: ClientEvent): void {
    if (signal.aborted) return;
    if (event.kind === "message") {
      if (heard < count && listening.isWanted(event)) take(event);
    } else if (event.kind === "state" || event.kind === "unreadable" || event.kind === "notice") narrate(event);
  }

  function cannotHandle(): void {
    inbox.halt();
    over.resolve("cannot-handle");
  }

  function take({ from, to, text }: Extract<ClientEvent, { kind: "message" }>): void {
    if (inbox.add({ at: new Date(), from, to, text }, from.length + text.length)) heard += 1;
    if (heard === count) over.resolve("enough");
  }

  const entry = await enter({
    ...destination.reach,
    server: destination.server,
    ids: [destination.id],
    timeout: NAME_TIMEOUT,
    signal,
    made: (attempt) => void attempt.onEvent(hear),
  });
  const isLate = start.isLate();
  start.done();
  if (isLate) return { kind: "not-started" };
  if ("cause" in entry) return { kind: "lost", cause: entry.cause };
  const { client } = entry;
  const timer = timeout === null ? undefined : setTimeout(() => over.resolve("time"), timeout);
  const why = await Promise.race([over.promise, client.ended().then(() => "lost" as const)]);
  clearTimeout(timer);
  leaving.abort();
  await inbox.finish();
  const cause = await client.ended();
  return why === "lost" ? { kind: why, cause } : why === "time" ? { kind: why, heard } : { kind: why };
}
