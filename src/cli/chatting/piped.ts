import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { ProcessContext } from "../../args/command.ts";
import { EXIT } from "../../args/exit-codes.ts";
import type { ChatClient, Conversation, ConversationId, Failure, Outcome, SealedChat } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import type { Chat } from "../../view/chat/chat.ts";
import type { Intent } from "../../view/commands/intent.ts";
import { readWritten } from "../../view/commands/read.ts";
import { BoundedOutput } from "../bounded-output.ts";
import { explainFailure, type Explanation } from "../explain.ts";
import { unreadable } from "../read-text.ts";
import { addressee } from "../say.ts";
import { sendSealed } from "../send/sealed.ts";
import { explainOpening } from "../sealed/whereabouts.ts";
import { tellNews } from "./news.ts";
import type { Verdict } from "./verdict.ts";

/** What is piped in, line by line. Made at once: it may all have come, and ended, before there is a connection. */
export interface PipedLines {
  readonly lines: AsyncIterable<string>;
  /** Reads no more, so that whoever holds the other end open does not keep the program. */
  readonly close: () => void;
  /** What the reading has failed with, which was its end. */
  readonly failure: () => Error | null;
}

export interface Piped {
  readonly chat: Chat;
  readonly client: ChatClient;
  /** The same, where it can seal. */
  readonly sealed?: SealedChat;
  readonly server: ServerAddress;
  /** Whether lines are commands, as if they were typed; else each is a text. */
  readonly commands: boolean;
  readonly context: ProcessContext;
  readonly verdict: Verdict;
  /** Lines for whoever looks at the errors. */
  readonly later?: Promise<readonly string[]>;
}

/** Milliseconds for lines that take a moment to be known, when all else is done. */
const LATER = 2000;
/** Milliseconds before a message that was too many is tried again: a second's worth of the server's rate. */
const RATE_PAUSE = 1000;

export function readPiped({ stdin }: ProcessContext): PipedLines {
  const reader = createInterface({ input: stdin });
  // At once: what comes before anybody asks for it isn't lost.
  const lines = reader[Symbol.asyncIterator]();
  let failure: Error | null = null;
  stdin.once("error", (error) => {
    failure = error;
    reader.close();
  });
  return { lines: untilFailure(), close: () => reader.close(), failure: () => failure };

  async function* untilFailure(): AsyncGenerator<string> {
    try {
      yield* lines;
    } catch (error) {
      if (error !== failure) throw error;
    }
  }
}

/**
 * Says each line to the current conversation, or does what it asks for, one after another, and leaves when all is answered.
 * Each message is sent when the one before is proven, so they arrive in order and none is too many; while the connection is
 * lost they wait. Meanwhile what is heard is shown.
 */
export async function chatInPipe({ lines, close, failure }: PipedLines, piped: Piped): Promise<void> {
  const { chat, client, commands, context, verdict } = piped;
  showNews(piped);
  const told = tellLater(piped);
  void client.ended().then(close);
  for await (const line of lines) {
    const intent = commands ? readWritten(line) : asText(line);
    if (intent.kind === "quit") break;
    if (intent.kind === "say") await sayLine(chat.getSnapshot().current, intent.text, piped);
    else if (intent.kind === "send") await sayTo(addressee(intent.to), intent.text, piped);
    else await obey(line, piped);
    if (client.state.kind === "ended") break;
  }
  const failed = failure();
  if (failed !== null) {
    context.stderr.write(`pad chat: Nothing more is said: ${unreadable(failed)}. To hear only: pad listen\n`);
    verdict.add(EXIT.wrongUse);
  }
  // Answers come in the order of the questions: behind this one, nothing is open.
  await client.people();
  await Promise.race([told, wait(LATER, undefined, { ref: false })]);
  await client.close();
}

/** Where answers are wanted, too, they are among the news. */
async function tellLater({ later, commands, context }: Piped): Promise<void> {
  if (later === undefined || commands) return;
  for (const line of await later) context.stderr.write(`pad chat: ${line}\n`);
}

/** Words on standard output, troubles on standard error, and answers there, too, where some were asked for. */
function showNews({ chat, commands, context }: Piped): void {
  const [stdout, stderr] = [new BoundedOutput(context.stdout), new BoundedOutput(context.stderr)];
  tellNews(
    chat,
    ({ kind, text, elsewhere = false }) => {
      if (kind === "said") stdout.write(`${text}\n`);
      else if (commands || (kind === "trouble" && !elsewhere)) stderr.write(`${text}\n`);
    },
    false,
  );
}

/** A blank line says nothing, as if it were typed. */
function asText(line: string): Intent {
  return line.trim() === "" ? { kind: "nothing" } : { kind: "say", text: line };
}

async function sayTo(to: string, text: string, piped: Piped): Promise<void> {
  const { client, sealed, server } = piped;
  const named = client.named(to);
  const isPerson = sealed !== undefined && !to.startsWith("#") && named?.kind !== "open-room";
  const reply = isPerson ? await sealed.direct(to) : named === null ? NO_NAME : answered(named);
  if (reply.kind === "answered") await sayLine(reply.value, text, piped);
  else fail(text, explainOpening(reply, server), piped);
}

const NO_NAME: Failure = { kind: "not-sent", why: "invalid-recipient" };

function answered(value: Pick<Conversation, "id" | "kind">) {
  return { kind: "answered", value } as const;
}

/** What is sealed waits for the server by itself; what is held is taken back, as by `send`. */
async function sayLine(to: Pick<Conversation, "id" | "kind">, text: string, piped: Piped): Promise<void> {
  const { sealed, server, context } = piped;
  if (sealed !== undefined && (to.kind === "sealed-room" || to.kind === "sealed-direct")) {
    const how = { chat: sealed, server, conversation: to, text, acceptMembers: false, signal: context.stop };
    // Of an option that `chat` has not it wouldn't help to hear.
    const sent = await sendSealed({ ...how, accepting: "pad send --accept-members" });
    if ("code" in sent) fail(text, sent, piped);
    return;
  }
  const outcome = await sayPatiently(to.id, text, piped);
  if (outcome.kind !== "taken") fail(text, explainFailure(outcome, server), piped);
}

function fail(text: string, { text: why, code }: Explanation, { context, verdict }: Piped): void {
  context.stderr.write(`pad chat: ${JSON.stringify(beginning(text))}: ${why}\n`);
  verdict.add(code);
}

async function sayPatiently(to: ConversationId, text: string, { client, context }: Piped): Promise<Outcome> {
  for (;;) {
    const outcome = await client.send(to, text);
    const tooMany = outcome.kind === "refused" && outcome.error.reason === "too-many-messages";
    const offline = outcome.kind === "not-sent" && outcome.why === "offline";
    if (!tooMany && !offline) return outcome;
    // A stop ends the client, and with it the next attempt.
    if (offline) await client.online();
    else await wait(RATE_PAUSE, undefined, { signal: context.stop }).catch(() => {});
  }
}

async function obey(line: string, { chat, client, verdict }: Piped): Promise<void> {
  await client.online();
  if (chat.submit(line) !== "done") verdict.add(EXIT.wrongUse);
}

function beginning(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
