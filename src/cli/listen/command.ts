/** `cli/listen`: `pad listen`: each message as a line, or as a run of a command without a shell. */

import { defineCommand, type Command, type Invocation } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import { OPEN_ROOM_NAME } from "../../client/index.ts";
import { formatAddress } from "../../client/transport/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { BoundedOutput } from "../bounded-output.ts";
import type { Explanation } from "../explain.ts";
import { destination, explainEntry, explainLoss, whichServer, type Where } from "../script.ts";
import { printer, runner } from "./handler.ts";
import { whyNotRunnable } from "./is-runnable.ts";
import { listenTo, type Ending } from "./listening.ts";
import { asJson, asLine, isWanted } from "./message.ts";
import { LISTEN_OPTIONS } from "./options.ts";
import { listenOpenly, type OpenListening } from "./openly.ts";
import { listenSealed } from "./sealed.ts";
import { attachAgent } from "../sealed/agent.ts";
import { cannotSeal, isClassic, type Attach } from "../sealed/attach.ts";
import { isEveryone, readTarget, type Target } from "../sealed/target.ts";
import { standingInTheWay, whenReady } from "../sealed/standing.ts";
import { startIn } from "../time-limit.ts";
import { conversationInTime, tellFoundName, whenReader } from "../sealed/whereabouts.ts";

/** `pad listen`: a line for each message, or a command. */
export const command = listenCommand(attachAgent);

export function listenCommand(attach: Attach): Command {
  return defineCommand(
    {
      name: "listen",
      program: "pad",
      summary: "Print each message as one line (from, to and text, with tabs between), or run a command for it.",
      words: "[WHERE]",
      minWords: 0,
      maxWords: 1,
      rest: "COMMAND ARG…",
      options: LISTEN_OPTIONS,
      examples: [
        ["pad listen '#ops'", "what others say in a room"],
        ["pad listen '#ops' --since 120 --json", "what came after message 120, and then what follows"],
        ["pad listen --server chat", "all that is said to everybody or, in the open, to this script"],
        ["pad listen bob --count 1 --timeout 60", "wait a minute for a message from bob, sealed where he has a device"],
        ["pad listen --json | jq -r .text", "for programs: the text exactly"],
        ["pad listen '#ops' -- ./answer.sh", "run it for each: text on its input, PAD_FROM, PAD_TO, PAD_SERVER"],
      ],
    },
    (invocation) => listen(invocation, attach),
  );
}

type Listen = Invocation<typeof LISTEN_OPTIONS>;
type Spoken = Parameters<typeof isWanted>[0];

async function listen(invocation: Listen, attach: Attach): Promise<ExitCode> {
  const { words, values, rest, context } = invocation;
  const { stop } = context;
  const told = new BoundedOutput(context.stderr);
  const [file, ...args] = rest ?? [];
  const target = readTarget(words[0] ?? OPEN_ROOM_NAME);
  const isPlain = target.kind === "all" || isClassic(values, context);
  const wrong = wrongWords(target, isPlain, invocation) ?? (file === undefined ? null : wrongCommand(file, invocation));
  if (wrong !== null) return complain({ text: wrong, code: EXIT.wrongUse });
  const where = await whichServer(values, context);
  if (!("server" in where)) return complain(where);
  const wanted: Where = where;
  const { server } = wanted;
  const print = printer(values.json === true ? asJson : asLine, context);
  const how = {
    handler: (cannotRun: () => void) =>
      file === undefined ? print : runner([file, ...args], formatAddress(server), context, note, cannotRun),
    count: values.count ?? Infinity,
    timeout: values.timeout === undefined ? null : values.timeout * 1000,
    queue: values.queue ?? 1000,
    stop,
    note,
  };
  const ending = isPlain || target.kind === "wrong" ? await plainly(words[0]) : await sealed(target);
  if (stop.aborted) return stop.reason === "SIGINT" ? EXIT.interrupted : EXIT.done;
  if ("text" in ending) return complain(ending);
  const explained = await explainEnding(ending, wanted, invocation);
  return explained === null ? EXIT.done : complain(explained);

  /** @param word `ALL`, somebody's name, or undefined for all that is said to all and to us. */
  async function plainly(word: string | undefined): Promise<Ending | Explanation> {
    const isAll = word !== undefined && target.kind === "all";
    const senders = target.kind === "person" ? [target.name] : values.from;
    const to = isAll ? OPEN_ROOM_NAME : target.kind === "person" ? "me" : values.to;
    const found = await destination(wanted, values, context);
    const heard = { ...how, isWanted: (message: Spoken) => isWanted(message, senders, to) };
    const ended = await listenTo({ ...heard, destination: found });
    if (ended.kind === "not-started") return late();
    if (ended.kind !== "lost") return ended;
    const isDevices = ended.cause.kind === "refused" && ended.cause.error.reason === "name-has-key";
    const byDevice = isDevices ? await asDevice(heard, found.id) : null;
    return byDevice ?? (await explainEntry(ended.cause, found, context));
  }

  /** Where the name is its device's alone. Null: it isn't this computer's. */
  async function asDevice(
    heard: Omit<OpenListening, "chat" | "server">,
    name: string,
  ): Promise<Ending | Explanation | null> {
    const start = startIn(how.timeout, stop);
    const attached = await attach({ ...wanted, name }, { ...context, stop: start.signal });
    if (attached.kind !== "sealed") return null;
    const { chat } = attached;
    const isAway = (await whenReady(chat, server, start.signal)) !== null;
    start.done();
    const inTheWay = standingInTheWay(chat.standing);
    const ended = isAway ? inTheWay : await listenOpenly({ ...heard, chat, server });
    await chat.close();
    return ended;
  }

  async function sealed(meant: Extract<Target, { kind: "room" | "person" }>): Promise<Ending | Explanation> {
    const start = startIn(how.timeout, stop);
    const attached = await attach({ ...wanted, comesIn: isEveryone(meant) }, { ...context, stop: start.signal });
    if (start.isLate()) return late();
    if (attached.kind === "failed") return attached.explanation;
    if (attached.kind === "unreached") return await explainLoss(attached.end, server, context);
    if (attached.kind === "classic-only") {
      if (meant.kind === "room") return { text: `${cannotSeal(server)}.`, code: EXIT.refused };
      note(`The server can read this: ${cannotSeal(server)}.`);
      return plainly(words[0]);
    }
    const { chat } = attached;
    tellFoundName(attached, { server, command: "listen" }, context);
    try {
      const away = await whenReady(chat, server, start.signal);
      if (start.isLate()) return late();
      if (away !== null) return away;
      const found = await conversationInTime(chat, meant, { server, stop: start.signal });
      if (found === null) return late();
      if ("code" in found) return found;
      const { conversation } = found;
      if (conversation.kind === "sealed-room" || conversation.kind === "sealed-direct") {
        await whenReader(chat, conversation, start.signal);
        if (start.isLate()) return late();
        start.done();
        return await listenSealed({
          ...how,
          chat,
          server,
          conversation,
          since: values.since ?? null,
          isWanted: (message) => isWanted(message, values.from, undefined),
        });
      }
      note(`The server can read this: ${visibleLine(conversation.title)} has no device to seal it for.`);
    } finally {
      await chat.close();
    }
    return plainly(words[0]);
  }

  function late(): Explanation {
    return { text: `No answer within ${values.timeout} s; nothing was listened to.`, code: EXIT.unreachable };
  }

  function note(line: string): void {
    told.write(`pad listen: ${line}\n`);
  }

  function complain({ text, code }: Explanation): ExitCode {
    note(text);
    return code;
  }
}

/** What is wrong with where to listen; null: nothing. */
function wrongWords(target: Target, isPlain: boolean, { words, values }: Listen): string | null {
  if (target.kind === "wrong") return `${target.why}.`;
  if (target.kind === "room" && isPlain)
    return `Rooms are sealed, which the classic protocol can't. Leave --classic and PAD_CLASSIC out for ${target.title}.`;
  if (words.length > 0 && values.to !== undefined) return "--to is for listening to all that comes; a place was given.";
  if (isPlain && values.since !== undefined)
    return "--since is for a room or person: what is said in the open is not kept.";
  return null;
}

/** What is wrong with running a command, as far as can be known before there is a message. */
function wrongCommand(file: string, { values, context }: Listen): string | null {
  if (values.json === true) return "--json is for printing; a command gets the text itself.";
  return whyNotRunnable(file, context.env);
}

/** Null: it did what it was to do. */
async function explainEnding(
  ending: Ending,
  { server }: Where,
  { values: { count, timeout }, context }: Listen,
): Promise<Explanation | null> {
  switch (ending.kind) {
    case "enough":
      return null;
    case "cannot-handle":
      return { text: "So nothing is listened to any more.", code: EXIT.wrongUse };
    case "time":
      return count === undefined
        ? null
        : { text: `${ending.heard} of ${count} messages came within ${timeout} s.`, code: EXIT.unreachable };
    case "lost":
      return explainLoss(ending.cause, server, context);
  }
}
