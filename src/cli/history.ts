import { defineCommand, type Command, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import type { ChatMessage, Conversation, ConversationId, Reply, SealedChat } from "../client/index.ts";
import type { ServerAddress } from "../client/transport/index.ts";
import { escapedLine, visibleLine } from "../text/visible.ts";
import { markedName } from "../view/sender.ts";
import { explainFailure, type Explanation } from "./explain.ts";
import { SCRIPT_OPTIONS } from "./script.ts";
import { attachAgent } from "./sealed/agent.ts";
import type { Attach } from "./sealed/attach.ts";
import { isoTime, jsonLine, messageJson } from "./sealed/message.ts";
import { standingInTheWay } from "./sealed/standing.ts";
import { readTarget } from "./sealed/target.ts";
import { conversationFor } from "./sealed/whereabouts.ts";
import { withChat } from "./sealed/with-chat.ts";

/** Messages that can be asked for at once. */
const MOST_LIMIT = 10_000;

const OPTIONS = {
  ...SCRIPT_OPTIONS,
  limit: { kind: "number", placeholder: "N", min: 1, max: MOST_LIMIT, help: "how many of the newest (default 50)" },
  search: { kind: "text", placeholder: "WORDS", help: "only those with all these words, or their beginnings" },
  json: { kind: "flag", help: "print each as a JSON object" },
} as const satisfies Options;

/** `pad history`: what was said, as this device has kept it. */
export const command = historyCommand(attachAgent);

export function historyCommand(attach: Attach): Command {
  return defineCommand(
    {
      name: "history",
      program: "pad",
      summary: "Print what was said in a room or with a person: number, time, from and text, with tabs between.",
      words: "WHERE",
      quotes: "a room with its quotes: '#ops'",
      minWords: 1,
      maxWords: 1,
      options: OPTIONS,
      examples: [
        ["pad history '#ops'", "the last 50 messages, the oldest of them first"],
        ["pad history bob --limit 500 --json", "more of what was said with bob, for programs"],
        ["pad history '#ops' --search 'disk full'", "what has these words"],
      ],
    },
    (invocation) => history(invocation, attach),
  );
}

async function history({ words, values, context }: Invocation<typeof OPTIONS>, attach: Attach): Promise<ExitCode> {
  const target = readTarget(words[0] ?? "");
  if (target.kind === "wrong") return complain({ text: `${target.why}.`, code: EXIT.wrongUse });
  if (target.kind === "all") {
    return complain({ text: "What is said to ALL is not kept. Rooms are: pad rooms lists them.", code: EXIT.wrongUse });
  }
  return await withChat(
    "history",
    { values, context, attach, offline: true, atOnce: true, standing: "any" },
    async (chat, server) => {
      const known = chat.named(words[0] ?? "");
      const isAway = chat.state.kind !== "online";
      // What was said with somebody is read whatever key they show now.
      const isHere = known !== null && (isAway || known.kind === "sealed-direct");
      const found = isHere ? { conversation: known } : await conversationFor(chat, target, server, true);
      // Whose key is another one now is in no conversation that this device would have anything of.
      const isNone = target.kind === "person" && "code" in found && found.code === EXIT.keyChanged;
      if (isNone) return { text: nothing(target.name, values.search), code: EXIT.done };
      // A device that isn't its person's is in no room that it could find.
      if ("code" in found) return standingInTheWay(chat.standing) ?? found;
      const { conversation } = found;
      if ("isLeft" in found) complain({ text: leftRoom(conversation.title), code: EXIT.done });
      // An agent that has just started has yet to hear what was said meanwhile.
      if (!isAway) await chat.caughtUp(conversation.id);
      if (conversation.kind !== "sealed-room" && conversation.kind !== "sealed-direct") {
        return { text: "What is said there is not sealed, and so not kept.", code: EXIT.refused };
      }
      const limit = values.limit ?? 50;
      const read =
        values.search === undefined
          ? await newest(chat, conversation.id, limit, server)
          : oldestFirst(await chat.search(values.search, conversation.id, limit), server);
      if ("code" in read) return read;
      if (read.messages.length === 0) complain({ text: nothing(conversation.title, values.search), code: EXIT.done });
      for (const message of read.messages) {
        const isJson = values.json === true;
        if (!isText(message))
          context.stdout.write(isJson ? jsonLine(gapJson(conversation, message)) : gapLine(message));
        else context.stdout.write(isJson ? jsonLine(messageJson(conversation, message) ?? {}) : asLine(message));
      }
      return EXIT.done;
    },
  );

  function complain({ text, code }: Explanation): ExitCode {
    context.stderr.write(`pad history: ${text}\n`);
    return code;
  }
}

function leftRoom(title: string): string {
  const shown = visibleLine(title);
  return `You are not in ${shown} now: this is what was said while this device was. pad rooms join '${shown}' comes in again, if it is open or you are invited.`;
}

function nothing(title: string, search: string | undefined): string {
  if (search !== undefined) return `Nothing that is kept here of ${visibleLine(title)} has these words.`;
  return `Nothing that was said in ${visibleLine(title)} is kept on this device: it keeps what is said from when it came in. Your other devices keep what they have read; pad devices export there and pad devices import here take it along to a device that waits.`;
}

interface Read {
  readonly messages: readonly ChatMessage[];
}

/** Messages of one page, and the UTF-16 units that are held at once: what is older than that is left out. */
const PAGE = 200;
const MOST_TEXT = 32 * 1024 * 1024;

async function newest(
  chat: SealedChat,
  id: ConversationId,
  limit: number,
  server: ServerAddress,
): Promise<Read | Explanation> {
  const pages: (readonly ChatMessage[])[] = [];
  let count = 0;
  let size = 0;
  for (let before: number | null = null; count < limit && size < MOST_TEXT;) {
    const reply = await chat.page(id, before, Math.min(PAGE, limit - count));
    if (reply.kind !== "answered") return explainFailure(reply, server);
    const { messages: page, complete } = reply.value;
    pages.push(page.filter((message) => isText(message) || isGap(message)));
    count += page.filter(isText).length;
    size = page.reduce((sum, { text }) => sum + text.length, size);
    const next = page.find(({ place }) => Number.isFinite(place))?.place ?? null;
    // A page without a place before the last one's would be asked for again for ever.
    if (complete || next === null || (before !== null && next >= before)) break;
    before = next;
  }
  return { messages: pages.toReversed().flat() };
}

/** Who came and went, and what was taken back, is nobody's word. */
function isText({ sealed }: ChatMessage): boolean {
  return sealed?.body === "text";
}

/** What was said there, and isn't here. */
function isGap({ sealed }: ChatMessage): boolean {
  return sealed?.body === "gap" || sealed?.body === "unreadable";
}

function oldestFirst(reply: Reply<readonly ChatMessage[]>, server: ServerAddress): Read | Explanation {
  return reply.kind === "answered"
    ? { messages: reply.value.filter(isText).toSorted((one, other) => one.place - other.place) }
    : explainFailure(reply, server);
}

/** Number (a dash where the server doesn't have it yet), time, from and text; none can hold a tab or a line end of its own. */
function asLine(message: ChatMessage): string {
  const { at, text, sealed } = message;
  return `${sealed?.number ?? "-"}\t${isoTime(at)}\t${escapedLine(markedName(message))}\t${escapedLine(text)}\n`;
}

/** The same for what is missing: nobody has said it, so the fields of number and sender say nothing. */
function gapLine(gap: ChatMessage): string {
  return `-\t${isoTime(gap.at)}\t\t-- ${escapedLine(gapText(gap))}\n`;
}

function gapText({ from, text }: ChatMessage): string {
  return from === "" ? text : `${from}: ${text}`;
}

function gapJson({ kind, title }: Pick<Conversation, "kind" | "title">, gap: ChatMessage): object {
  const where = kind === "sealed-room" ? { room: title } : { with: title };
  return { ...where, at: isoTime(gap.at), gap: gapText(gap), sealed: true };
}
