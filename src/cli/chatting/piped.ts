import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { ProcessContext } from "../../args/command.ts";
import { EXIT } from "../../args/exit-codes.ts";
import type { PadClient } from "../../client/classic/index.ts";
import type { Outcome } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import type { Chat } from "../../view/chat/chat.ts";
import type { Intent } from "../../view/commands/intent.ts";
import { readWritten } from "../../view/commands/read.ts";
import { BoundedOutput } from "../bounded-output.ts";
import { explainFailure } from "../explain.ts";
import { addressee, say } from "../say.ts";
import { tellNews } from "./news.ts";
import type { Verdict } from "./verdict.ts";

/** What is piped in, line by line. Made at once: it may all have come, and ended, before there is a connection. */
export interface PipedLines {
  readonly lines: AsyncIterable<string>;
  /** Reads no more, so that whoever holds the other end open does not keep the program. */
  readonly close: () => void;
}

export interface Piped {
  readonly chat: Chat;
  readonly client: PadClient;
  readonly server: ServerAddress;
  /** Whether lines are commands, as if they were typed; else each is a text. */
  readonly commands: boolean;
  readonly context: ProcessContext;
  readonly verdict: Verdict;
}

/** Milliseconds before a message that was too many is tried again: a second's worth of the server's rate. */
const RATE_PAUSE = 1000;

export function readPiped({ stdin }: ProcessContext): PipedLines {
  const reader = createInterface({ input: stdin });
  return { lines: reader[Symbol.asyncIterator](), close: () => reader.close() };
}

/**
 * Says each line to the current conversation, or does what it asks for, one after another, and leaves when all is answered.
 * Each message is sent when the one before is proven, so they arrive in order and none is too many; while the connection is
 * lost they wait. Meanwhile what is heard is shown.
 */
export async function chatInPipe({ lines, close }: PipedLines, piped: Piped): Promise<void> {
  const { chat, client, commands } = piped;
  showNews(piped);
  void client.ended().then(close);
  for await (const line of lines) {
    const intent = commands ? readWritten(line) : asText(line);
    if (intent.kind === "quit") break;
    if (intent.kind === "say") await sayLine(chat.getSnapshot().current.title, intent.text, piped);
    else if (intent.kind === "send") await sayLine(intent.to, intent.text, piped);
    else await obey(line, piped);
    if (client.state.kind === "ended") break;
  }
  // Answers come in the order of the questions: behind this one, nothing is open.
  await client.list();
  await client.close();
}

/** Words on standard output, troubles on standard error, and answers there, too, where some were asked for. */
function showNews({ chat, commands, context }: Piped): void {
  const [stdout, stderr] = [new BoundedOutput(context.stdout), new BoundedOutput(context.stderr)];
  tellNews(chat, ({ kind, text }) => {
    if (kind === "said") stdout.write(`${text}\n`);
    else if (commands || kind === "trouble") stderr.write(`${text}\n`);
  });
}

/** A blank line says nothing, as if it were typed. */
function asText(line: string): Intent {
  return line.trim() === "" ? { kind: "nothing" } : { kind: "say", text: line };
}

async function sayLine(to: string, text: string, { client, server, context, verdict }: Piped): Promise<void> {
  const outcome = await sayPatiently(client, addressee(to), text, context.stop);
  if (outcome.kind === "taken") return;
  const { text: why, code } = explainFailure(outcome, server);
  context.stderr.write(`pad chat: ${JSON.stringify(beginning(text))}: ${why}\n`);
  verdict.add(code);
}

async function sayPatiently(client: PadClient, to: string, text: string, stop: AbortSignal): Promise<Outcome> {
  for (;;) {
    const outcome = await say(client, to, text);
    const tooMany = outcome.kind === "refused" && outcome.error.reason === "too-many-messages";
    const offline = outcome.kind === "not-sent" && outcome.why === "offline";
    if (!tooMany && !offline) return outcome;
    // A stop ends the client, and with it the next attempt.
    if (offline) await client.online();
    else await wait(RATE_PAUSE, undefined, { signal: stop }).catch(() => {});
  }
}

async function obey(line: string, { chat, client, verdict }: Piped): Promise<void> {
  await client.online();
  if (chat.submit(line) !== "done") verdict.add(EXIT.wrongUse);
}

function beginning(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
