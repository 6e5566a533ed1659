import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Surroundings } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import type { Outcome, PadClient, ServerAddress } from "../../client/index.ts";
import type { Chat } from "../../view/chat/chat.ts";
import { isSameId } from "../../view/chat/conversations.ts";
import { OPEN_ROOM } from "../../view/chat/snapshot.ts";
import { explainFailure } from "../explain.ts";
import { tellNews } from "./news.ts";

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
  readonly surroundings: Surroundings;
}

/** Milliseconds before a message that was too many is tried again: a second's worth of the server's rate. */
const RATE_PAUSE = 1000;

export function readPiped({ stdin }: Surroundings): PipedLines {
  const reader = createInterface({ input: stdin });
  return { lines: reader[Symbol.asyncIterator](), close: () => reader.close() };
}

/** Shows what is heard: words on standard output, troubles on standard error, and answers there, too, where some were asked. */
export function showPiped(chat: Chat, asked: boolean, { stdout, stderr }: Surroundings): void {
  tellNews(chat, ({ kind, text }) => {
    if (kind === "said") stdout.write(`${text}\n`);
    else if (asked || kind === "trouble") stderr.write(`${text}\n`);
  });
}

/**
 * Says each line to one person or to everybody, one after another, and leaves. Each is sent when the one before is proven,
 * so they arrive in order and none is too many; while the connection is lost they wait. Gives the worst that happened.
 */
export async function sayPiped(
  { lines, close }: PipedLines,
  to: string,
  { client, server, surroundings }: Piped,
): Promise<ExitCode> {
  let worst: ExitCode = EXIT.done;
  void client.ended().then(close);
  for await (const line of lines) {
    const outcome = await sendPatiently(client, to, line, surroundings.stop);
    if (outcome.kind === "taken") continue;
    const { text, code } = explainFailure(outcome, server);
    surroundings.stderr.write(`pad chat: ${JSON.stringify(line)}: ${text}\n`);
    worst = code;
    if (client.state.kind === "ended") break;
  }
  await client.close();
  return worst;
}

/** Does what each line asks for, as if it were typed, and leaves when all of it is answered. */
export async function obeyPiped({ lines, close }: PipedLines, { chat, client }: Piped): Promise<ExitCode> {
  void client.ended().then(close);
  for await (const line of lines) {
    // Not while the connection is lost.
    await client.online();
    chat.submit(line);
    if (client.state.kind === "ended") break;
  }
  // Answers come in the order of the questions: behind this one, nothing is open.
  await client.list();
  await client.close();
  return worstOf(chat);
}

async function sendPatiently(client: PadClient, to: string, text: string, stop: AbortSignal): Promise<Outcome> {
  for (;;) {
    const outcome = isSameId(to, OPEN_ROOM) ? await client.broadcast(text) : await client.send(to, text);
    const tooMany = outcome.kind === "refused" && outcome.error.reason === "too-many-messages";
    const offline = outcome.kind === "not-sent" && outcome.why === "offline";
    if (!tooMany && !offline) return outcome;
    // A stop ends the client, and with it the next attempt.
    if (offline) await client.online();
    else await wait(RATE_PAUSE, undefined, { signal: stop }).catch(() => {});
  }
}

function worstOf(chat: Chat): ExitCode {
  const entries = chat.getSnapshot().conversations.flatMap((conversation) => conversation.entries);
  const own = new Set(entries.map((entry) => (entry.kind === "message" && entry.own ? entry.delivery.kind : "taken")));
  if (own.has("unknown")) return EXIT.unreachable;
  return own.has("refused") ? EXIT.refused : EXIT.done;
}
