import { EXIT } from "../../args/exit-codes.ts";
import type { ChatEvent, ChatMessage, Conversation, Failure, Hold, SealedChat } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { stepsFor } from "../../view/explain.ts";
import { explainFailure, type Explanation } from "../explain.ts";
import { aborted } from "../sealed/whereabouts.ts";

export interface SealedSending {
  readonly chat: SealedChat;
  readonly server: ServerAddress;
  readonly conversation: Pick<Conversation, "id">;
  readonly text: string;
  /** Whoever has come since somebody looked last may read it. */
  readonly acceptMembers: boolean;
  /** What people can type to have it sent to those, too. Default: the option. */
  readonly accepting?: string;
  /** Ends the waiting for the server. */
  readonly signal: AbortSignal;
}

/** The message as the server has it, or why it doesn't. */
export type Sent = { readonly message: ChatMessage } | Explanation;

/**
 * Sends one message, which the agent keeps until this device has come in, where it is about to, and resolves when the server has stored it. What is held is taken back: a script that is told "not sent" must be
 * able to say it again. What the server has not answered for stays with the agent, which sends it as soon as it can.
 */
export async function sendSealed(sending: SealedSending): Promise<Sent> {
  const { chat, server, conversation, text, acceptMembers, accepting = "--accept-members" } = sending;
  // Waited for so long where no time was given, too: the connection may be a dead one, which the agent takes a while to see.
  const signal = AbortSignal.any([sending.signal, AbortSignal.timeout(STORED_IN)]);
  const own = watchOwn(chat, conversation, text);
  try {
    const outcome = await Promise.race([chat.send(conversation.id, text, { acceptMembers }), aborted(signal)]);
    if (outcome === null || (signal.aborted && outcome.kind === "unknown")) return KEPT;
    if (outcome.kind === "taken") return await storedOrKept(own.stored, signal);
    if (outcome.kind === "held") await takeBack(chat, conversation, own.id());
    return explainSending(outcome, server, accepting);
  } finally {
    own.stop();
  }
}

const KEPT: Explanation = {
  text: "No answer in time. This computer keeps the message and sends it, once, as soon as it can: don't send it again.",
  code: EXIT.unreachable,
};

/** Milliseconds for the server to store it. */
const STORED_IN = 30_000;

async function storedOrKept(stored: Promise<ChatMessage>, signal: AbortSignal): Promise<Sent> {
  const message = await Promise.race([stored, aborted(AbortSignal.any([signal, AbortSignal.timeout(TOLD_IN)]))]);
  return message === null ? KEPT : { message };
}

/** Milliseconds from the answer to the event that has the number. */
const TOLD_IN = 2_000;

async function takeBack(chat: SealedChat, { id }: Pick<Conversation, "id">, message: string | null): Promise<void> {
  if (message === null) return;
  await Promise.race([chat.remove(id, message), aborted(AbortSignal.timeout(TOLD_IN))]);
}

/** The message that is told first as ours, in that conversation and with that text, is the one that is sent now. */
function watchOwn(chat: SealedChat, conversation: Pick<Conversation, "id">, text: string) {
  const stored = Promise.withResolvers<ChatMessage>();
  let id: string | null = null;
  const hear = (event: ChatEvent): void => {
    if (event.kind !== "message" || event.conversation.id !== conversation.id) return;
    const { message } = event;
    if (!message.own || (id ?? message.id) !== message.id || (id === null && message.text !== text)) return;
    id = message.id;
    if (message.sealed !== undefined && message.sealed.number !== null) stored.resolve(message);
  };
  return { stop: chat.onEvent(hear), stored: stored.promise, id: () => id };
}

function explainSending(failure: Failure, server: ServerAddress, accepting: string): Explanation {
  const { text, code } = explainFailure(failure, server);
  return failure.kind === "held" ? { text: `${text} ${nextStep(failure.hold, accepting)}`, code } : { text, code };
}

/** What ends the hold; a script's message is taken back, so nothing of it waits for that. */
function nextStep(hold: Hold, accepting: string): string {
  switch (hold.kind) {
    case "new-readers":
      return `${accepting} sends it all the same.`;
    case "removal-pending":
      return "Send it again when somebody has.";
    case "changed-key":
    case "remapped-name":
    case "removed-device":
      return `${stepsFor(hold, "pad devices", " in pad chat")} Then send it again.`;
  }
}
