import type { ChatEvent, ConnectionEnd, SealedChat } from "../../client/index.ts";
import { OPEN_ROOM_NAME } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { aborted } from "../sealed/whereabouts.ts";
import { Inbox } from "./inbox.ts";
import type { Ending, Listening } from "./listening.ts";
import { narrator } from "./narrate.ts";

/** As for the classic protocol, by a device that alone bears its name. */
export interface OpenListening extends Omit<Listening, "destination"> {
  readonly chat: SealedChat;
  readonly server: ServerAddress;
}

/** Hears and handles what is said so that the server can read it: to all, and to this device's name. */
export async function listenOpenly(listening: OpenListening): Promise<Ending> {
  const { chat, server, count, timeout, stop, note } = listening;
  const over = Promise.withResolvers<"enough" | "cannot-handle" | "time">();
  const inbox = new Inbox(listening.queue, listening.handler(cannotHandle), note);
  const narrate = narrator({ server, id: chat.me }, note);
  let heard = 0;
  stop.addEventListener("abort", () => inbox.halt(), { once: true });
  const stopHearing = chat.onEvent(hear);
  narrate({ kind: "state", state: chat.state });
  const timer = timeout === null ? undefined : setTimeout(() => over.resolve("time"), timeout);
  const ended = chat.ended();
  const why = await Promise.race([over.promise, ended.then(() => "lost" as const), aborted(stop)]);
  clearTimeout(timer);
  stopHearing();
  await inbox.finish();
  if (why === null) return { kind: "lost", cause: LEFT };
  return why === "lost" ? { kind: why, cause: await ended } : why === "time" ? { kind: why, heard } : { kind: why };

  function hear(event: ChatEvent): void {
    if (stop.aborted) return;
    if (event.kind === "state" || event.kind === "notice" || event.kind === "word") narrate(event);
    if (event.kind !== "message" || heard >= count) return;
    const { conversation, message } = event;
    const isOpen = conversation.kind === "open-room";
    if (!isOpen && conversation.kind !== "classic-direct") return;
    const { at, from, text, own, place } = message;
    const to = isOpen ? OPEN_ROOM_NAME : chat.me;
    // Lines from before this device came have places before the first.
    if (own || place < 0 || !listening.isWanted({ from, to })) return;
    if (inbox.add({ at: new Date(at), from, to, text }, from.length + text.length)) heard += 1;
    if (heard === count) over.resolve("enough");
  }

  function cannotHandle(): void {
    inbox.halt();
    over.resolve("cannot-handle");
  }
}

const LEFT: ConnectionEnd = { kind: "left" };
