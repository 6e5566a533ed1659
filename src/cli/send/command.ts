import { defineCommand, type Command, type Invocation } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import type { Options } from "../../args/options.ts";
import { longestText } from "../../client/classic/index.ts";
import { OPEN_ROOM, OPEN_ROOM_NAME, type Conversation, type SealedChat } from "../../client/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { explainFailure, type Explanation } from "../explain.ts";
import { readText, tooLong } from "../read-text.ts";
import { destination, explainLoss, SCRIPT_OPTIONS, whichServer, type Where } from "../script.ts";
import { cannotSeal, CLASSIC_OPTION, isClassic, type Attach } from "../sealed/attach.ts";
import { attachAgent } from "../sealed/agent.ts";
import { isoTime, jsonLine, messageJson } from "../sealed/message.ts";
import { readTarget, type Target } from "../sealed/target.ts";
import { standingInTheWay, whenReady } from "../sealed/standing.ts";
import { aborted, conversationFor, explainNobody, whenReader } from "../sealed/whereabouts.ts";
import { sendClassic } from "./classic.ts";
import { sendSealed } from "./sealed.ts";

const OPTIONS = {
  ...SCRIPT_OPTIONS,
  ...CLASSIC_OPTION,
  "accept-members": {
    kind: "flag",
    help: "send to a room or person although somebody is new among those who would read it (else exit code 10)",
  },
  json: { kind: "flag", help: "print what was sent as a JSON object" },
  timeout: {
    kind: "number",
    placeholder: "SECONDS",
    min: 0.1,
    max: 86_400,
    fractions: true,
    help: "how long to try in all (default: as long as the server answers, 15 for each answer)",
  },
} as const satisfies Options;

/** Bytes that are read of a text before it is known how many its conversation takes: more than any does. */
const MOST_READ = 64 * 1024;

type Sending = Invocation<typeof OPTIONS>;

/** `pad send`: one message, and an exit code that says whether the server took it. */
export const command = sendCommand(attachAgent);

export function sendCommand(attach: Attach): Command {
  return defineCommand(
    {
      name: "send",
      program: "pad",
      summary: "Send one message and leave. Exits with 0 only when the server has confirmed that it took it.",
      words: "WHO TEXT",
      minWords: 2,
      maxWords: 2,
      options: OPTIONS,
      examples: [
        ["pad send '#ops' \"backup done\"", "to a room, sealed: whoever is away reads it later"],
        ['pad send bob "backup done"', "to bob, sealed where he has a device"],
        ["df -h | pad send ALL -", "what is piped in, as one message to everybody who is here"],
        ['pad send --server chat -- "$who" "$text"', "after -- nothing is an option, whatever it begins with"],
      ],
    },
    (invocation) => send(invocation, attach),
  );
}

async function send(invocation: Sending, attach: Attach): Promise<ExitCode> {
  const { words, values, context } = invocation;
  const target = readTarget(words[0] ?? "");
  const plainly = target.kind === "all" || isClassic(values, context);
  if (target.kind === "wrong") return complain(context, { text: `Not sent: ${target.why}.`, code: EXIT.wrongUse });
  if (target.kind === "room" && plainly) {
    const text = `Not sent: rooms are sealed, which the classic protocol can't. Leave --classic and PAD_CLASSIC out for ${target.title}.`;
    return complain(context, { text, code: EXIT.wrongUse });
  }
  const to = target.kind === "all" ? OPEN_ROOM_NAME : (words[0] ?? "");
  const limit = plainly ? longestText(to) : MOST_READ;
  const read = await readText(words[1] ?? "", context.stdin, limit, context.stop);
  if (read === null) return EXIT.interrupted;
  if ("wrong" in read) return complain(context, { text: read.wrong, code: EXIT.wrongUse });
  const signal = timeoutSignal(invocation);
  const where = await whichServer(values, context);
  if (!("server" in where)) return complain(context, where);
  const sending = { invocation, where, to, text: read.text, signal };
  if (isClassic(values, context)) return await plainSend(sending);
  if (target.kind === "all") return await plainSend(sending, attach);
  return await sealedSend(sending, target, attach);
}

interface Ready {
  readonly invocation: Sending;
  readonly where: Where;
  readonly to: string;
  readonly text: string;
  readonly signal: AbortSignal;
}

/** Sealed where that can be; to a person who has no device, the classic way, which is said. */
async function sealedSend(
  ready: Ready,
  target: Extract<Target, { kind: "room" | "person" }>,
  attach: Attach,
): Promise<ExitCode> {
  const { invocation, where, text, signal } = ready;
  const { context, values } = invocation;
  const { server } = where;
  const attached = await attach(where, context);
  if (context.stop.aborted) return EXIT.interrupted;
  switch (attached.kind) {
    case "failed":
      return complain(context, attached.explanation);
    case "unreached":
      return complain(context, unsent(await explainLoss(attached.end, server, context)));
    case "classic-only":
      if (target.kind === "room")
        return complain(context, { text: `Not sent: ${cannotSeal(server)}.`, code: EXIT.refused });
      context.stderr.write(`pad send: The server can read this: ${cannotSeal(server)}.\n`);
      return await plainSend(ready);
    case "sealed":
  }
  const { chat } = attached;
  const code = await toSealed(chat);
  await chat.close();
  if (code !== "plain") return code;
  context.stderr.write(readable(ready.to));
  return await plainSend(ready);

  async function toSealed(on: SealedChat): Promise<ExitCode | "plain"> {
    const away = await whenReady(on, server, signal);
    if (context.stop.aborted) return EXIT.interrupted;
    if (away !== null)
      return complain(context, signal.aborted ? tooLate(invocation)("nothing was sent.") : unsent(away));
    const meant = await conversationFor(on, target, server);
    if ("code" in meant) {
      const orMade = meant.isNoRoom === true && target.kind === "room" ? ` If it is new: pad rooms create '${target.title}'.` : ""; // prettier-ignore
      return complain(context, { ...meant, text: `Not sent: ${meant.text}${orMade}` });
    }
    const { conversation } = meant;
    if (conversation.kind === "classic-direct" || conversation.kind === "open-room") {
      // A name that was given is the device's own, whose key the classic protocol can't prove.
      if (where.name === null) return "plain";
      context.stderr.write(readable(conversation.title));
      return await openly(on, conversation, ready);
    }
    const limit = on.longestText(conversation.id);
    if (Buffer.byteLength(text) > limit) return complain(context, { text: tooLong(limit), code: EXIT.wrongUse });
    await whenReader(on, conversation, signal);
    const acceptMembers = values["accept-members"] === true;
    const sent = await sendSealed({ chat: on, server, conversation, text, acceptMembers, signal });
    if ("code" in sent) {
      complain(context, sent);
      return context.stop.aborted ? EXIT.interrupted : sent.code;
    }
    const json = messageJson(conversation, sent.message);
    if (values.json === true && json !== null) context.stdout.write(jsonLine(json));
    return EXIT.done;
  }
}

/** What came before anything was given to the agent. */
function unsent({ text, code }: Explanation): Explanation {
  return { text: `${text} Nothing was sent.`, code };
}

/** So that the server can read it, by this device. */
async function openly(on: SealedChat, { id, title }: Conversation, ready: Ready): Promise<ExitCode> {
  const { invocation, where, to, text, signal } = ready;
  const { context, values } = invocation;
  const outcome = await Promise.race([on.send(id, text), aborted(signal)]);
  if (context.stop.aborted) return EXIT.interrupted;
  if (outcome === null) return complain(context, tooLate(invocation)("whether the message arrived is unknown."));
  if (outcome.kind !== "taken") {
    return complain(context, explainNobody(outcome, title, where.server) ?? explainFailure(outcome, where.server));
  }
  if (values.json === true) {
    const place = to === OPEN_ROOM_NAME ? { room: to } : { with: title };
    context.stdout.write(jsonLine({ ...place, from: on.me, at: isoTime(Date.now()), text, sealed: false }));
  }
  return EXIT.done;
}

/** What is said of a message to somebody for whom nothing can be sealed, before it goes. */
function readable(name: string): string {
  return `pad send: The server can read this: ${visibleLine(name)} has no device to seal it for.\n`;
}

/** By the classic protocol; where the name is its device's alone, by that device, if there is an `attach` to ask. */
async function plainSend(ready: Ready, attach: Attach | null = null): Promise<ExitCode> {
  const { invocation, where, to, text, signal } = ready;
  const { context, values } = invocation;
  if (Buffer.byteLength(text) > longestText(to)) {
    return complain(context, { text: tooLong(longestText(to)), code: EXIT.wrongUse });
  }
  const found = await destination(where, values, context);
  const sent = await sendClassic({ to, text, destination: found, signal, tooLate: tooLate(invocation) }, context);
  if ("devicesName" in sent) {
    const attached = attach === null ? null : await attach({ ...where, name: sent.devicesName }, context);
    if (attached?.kind !== "sealed") return complain(context, sent.explanation);
    const { chat } = attached;
    const away = await whenReady(chat, where.server, signal);
    const why = standingInTheWay(chat.standing) ?? sent.explanation;
    const code = away !== null ? complain(context, why) : await openly(chat, OPEN_ROOM, ready);
    await chat.close();
    return code;
  }
  if ("text" in sent) return complain(context, sent);
  if ("code" in sent) return sent.code;
  if (values.json === true) {
    const place = to === OPEN_ROOM_NAME ? { room: to } : { with: to };
    context.stdout.write(jsonLine({ ...place, from: sent.from, at: isoTime(Date.now()), text, sealed: false }));
  }
  return EXIT.done;
}

/** Ends when the program is told to stop, or when the time given is over. */
function timeoutSignal({ values: { timeout }, context }: Sending): AbortSignal {
  if (timeout === undefined) return context.stop;
  return AbortSignal.any([context.stop, AbortSignal.timeout(Math.ceil(timeout * 1000))]);
}

function tooLate({ values: { timeout } }: Sending): (what: string) => Explanation {
  return (what) => ({ text: `No answer within ${timeout} s; ${what}`, code: EXIT.unreachable });
}

function complain({ stderr }: Sending["context"], { text, code }: Explanation): ExitCode {
  stderr.write(`pad send: ${text}\n`);
  return code;
}
