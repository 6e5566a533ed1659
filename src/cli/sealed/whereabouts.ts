import { isSameName, type Conversation, type Failure, type SealedChat } from "../../client/index.ts";
import { after, formatAddress, type ServerAddress } from "../../client/transport/index.ts";
import type { ProcessContext } from "../../args/command.ts";
import { escapedLine, visibleLine, visibleName } from "../../text/visible.ts";
import { stepsFor } from "../../view/explain.ts";
import { EXIT } from "../../args/exit-codes.ts";
import { explainEnd, explainFailure, type Explanation } from "../explain.ts";
import type { Attached } from "./attach.ts";
import type { Target } from "./target.ts";

export type SealedConversation = Extract<Conversation, { kind: "sealed-room" | "sealed-direct" }>;

/** Milliseconds that a command waits for a server that is away, or that has yet to answer. */
const AWAY_FOR = 5_000;
const ANSWER_IN = 15_000;
/** The same for a command that can do without it, while nothing is even trying to reach the server. */
const SOON = 300;

/**
 * Null as soon as the chat is online; else why it isn't. Who has just started, or has lost the server, is waited for.
 * @param signal ends the waiting; its reason is the caller's to tell.
 * @param canDoWithout an attempt that is made is waited for, and no other one.
 */
export async function whenOnline(
  chat: SealedChat,
  server: ServerAddress,
  signal: AbortSignal,
  canDoWithout = false,
): Promise<Explanation | null> {
  const gone = Promise.withResolvers<null>();
  let isAway = chat.state.kind === "waiting";
  let cancel = after(isAway ? AWAY_FOR : ANSWER_IN, () => gone.resolve(null));
  const soon = (): (() => void) => after(SOON, () => gone.resolve(null));
  let cancelSoon = canDoWithout && isAway ? soon() : null;
  const stop = chat.onEvent((event) => {
    if (canDoWithout && event.kind === "state") {
      cancelSoon?.();
      cancelSoon = event.state.kind === "waiting" ? soon() : null;
    }
    if (isAway || event.kind !== "state" || event.state.kind !== "waiting") return;
    isAway = true;
    cancel();
    cancel = after(AWAY_FOR, () => gone.resolve(null));
  });
  const state = await Promise.race([chat.online(), gone.promise, aborted(signal)]);
  stop();
  cancel();
  cancelSoon?.();
  if (state === null) {
    const now = chat.state;
    if (now.kind === "online") return null;
    return explainEnd(now.kind === "waiting" ? now.loss : { kind: "silent" }, server, chat.me);
  }
  return state.kind === "online" ? null : explainEnd(state.cause, server, chat.me);
}

/**
 * Resolves as soon as this device can read what is said in a conversation: one that has just been made or joined is there before that
 * is so. False: it didn't come to that in time.
 */
export async function whenReader(
  chat: SealedChat,
  { id }: Pick<Conversation, "id">,
  signal: AbortSignal,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<true>();
  const stop = chat.onEvent((event) => {
    if (event.kind !== "conversation" || event.conversation.id !== id) return;
    const { conversation } = event;
    if ("readers" in conversation && conversation.readers.length > 0) resolve(true);
  });
  const known = chat.conversations.find((one) => one.id === id);
  if (known !== undefined && "readers" in known && known.readers.length > 0) resolve(true);
  const isReader = await Promise.race([promise, aborted(AbortSignal.any([signal, AbortSignal.timeout(ANSWER_IN)]))]);
  stop();
  return isReader === true;
}

/** Resolves with null when the signal says so. */
export function aborted(signal: AbortSignal): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  if (signal.aborted) resolve(null);
  else signal.addEventListener("abort", () => resolve(null), { once: true });
  return promise;
}

/** `isNoRoom`: as far as one is told there is no such room. */
type NotFound = Explanation & { readonly isNoRoom?: true };

/**
 * The conversation that is meant, a classic one where that person can't be written to otherwise; else why there is none.
 * @param toRead see `room`
 */
export async function conversationFor(
  chat: SealedChat,
  target: Exclude<Target, { kind: "all" | "wrong" }>,
  server: ServerAddress,
  toRead = false,
): Promise<{ readonly conversation: Conversation; readonly isLeft?: true } | NotFound> {
  switch (target.kind) {
    case "room":
      return await room(chat, target.title, server, toRead);
    case "person": {
      const reply = await chat.direct(target.name);
      if (reply.kind === "answered") return { conversation: reply.value };
      const nobody = explainNobody(reply, target.name, server);
      return nobody === null ? explainOpening(reply, server) : await orRoom(nobody, chat, target.name);
    }
  }
}

/** Why a conversation with somebody can't be gone into. Of a key or name that isn't the known one, what ends that, too. */
export function explainOpening(failure: Failure, server: ServerAddress): Explanation {
  const { text, code } = explainFailure(failure, server);
  if (failure.kind !== "held") return { text, code };
  const [name = "NAME"] = failure.hold.who;
  return {
    text: `${text} ${stepsFor(failure.hold, "pad devices", ` in pad chat, behind /to ${visibleName(name)}`)}`,
    code,
  };
}

/** A shell takes a bare `#` for a remark, so people leave it out. */
async function orRoom({ text, code }: Explanation, chat: SealedChat, name: string): Promise<Explanation> {
  const title = `#${name}`;
  const rooms = await chat.rooms();
  const isRoom = rooms.kind === "answered" && rooms.value.some((one) => isSameName(one.title, title));
  return { text: isRoom ? `${text} There is a room of that name: '${title}', in quotes.` : text, code };
}

/** The same, in some seconds; null: the signal says that it isn't wanted any more. */
export async function conversationInTime(
  chat: SealedChat,
  target: Exclude<Target, { kind: "all" | "wrong" }>,
  { server, stop }: { readonly server: ServerAddress; readonly stop: AbortSignal },
): Promise<{ readonly conversation: Conversation } | NotFound | null> {
  const late = AbortSignal.timeout(FOUND_IN);
  const found = await Promise.race([conversationFor(chat, target, server), aborted(AbortSignal.any([stop, late]))]);
  return found ?? (stop.aborted ? null : explainEnd({ kind: "silent" }, server, chat.me));
}

/** Milliseconds until a conversation is there: it may have to be made first, which is several questions. */
const FOUND_IN = 30_000;

/**
 * The room of that title, which this device is in.
 * @param toRead also one that it is out of: `isLeft` then
 */
export async function room(
  chat: SealedChat,
  title: string,
  server: ServerAddress,
  toRead = false,
): Promise<{ readonly conversation: SealedConversation; readonly isLeft?: true } | NotFound> {
  const known = chat.named(title);
  if (known?.kind === "sealed-room") return { conversation: known };
  const rooms = await chat.rooms();
  if (rooms.kind !== "answered") return explainFailure(rooms, server);
  const found = rooms.value.find((one) => one.title.toLowerCase() === title.toLowerCase());
  const where = formatAddress(server);
  if (found === undefined) {
    const text = `There is no room ${title} on ${where} that you are in or could join; pad rooms lists those. If it is by invitation, somebody in it has to invite you.`;
    return { text, code: EXIT.refused, isNoRoom: true };
  }
  const isOut = found.status === "not-a-member" || found.status === "removed";
  if (found.conversation?.kind === "sealed-room") {
    if (!isOut) return { conversation: found.conversation };
    if (toRead) return { conversation: found.conversation, isLeft: true };
  }
  return {
    text: `You are not in ${visibleLine(found.title)}. pad rooms join '${title}' joins it.`,
    code: EXIT.refused,
  };
}

/** Null: it failed for another reason than that nobody has the name. */
export function explainNobody(failure: Failure, name: string, server: ServerAddress): Explanation | null {
  if (failure.kind === "refused" && failure.error.reason === "recipient-not-found") {
    const text = `Nobody called ${visibleLine(name)} is known to ${formatAddress(server)}. pad who lists who is here.`;
    return { text, code: EXIT.refused };
  }
  if (failure.kind === "not-sent" && failure.why === "invalid-recipient") {
    return { text: `${JSON.stringify(name)} can't be anybody's name, which is one word.`, code: EXIT.wrongUse };
  }
  return null;
}

/** Tells on standard error as whom one speaks from now on, where nobody has said it: this command has made a device of that name. */
export function tellFoundName(
  { chat, isNameFound = false }: Extract<Attached, { kind: "sealed" }>,
  { server, command }: { readonly server: ServerAddress; readonly command: string },
  { stderr }: Pick<ProcessContext, "stderr">,
): void {
  if (!isNameFound) return;
  const text = `You are ${visibleLine(chat.me)} on ${formatAddress(server)} from now on, since no name was said (--as NAME says another).`;
  stderr.write(`pad ${command}: ${text}\n`);
}

/** Tells on standard error what a person is to know of their device or server, as long as the chat is there: that it was copied, for one. */
export function tellNotices(chat: SealedChat, command: string, { stderr }: Pick<ProcessContext, "stderr">): void {
  chat.onEvent((event) => {
    if (event.kind === "word") stderr.write(`pad ${command}: ${escapedLine(event.text)}\n`);
  });
}
