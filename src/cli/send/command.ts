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
import { isEveryone, readTarget, type Target } from "../sealed/target.ts";
import { standingInTheWay, whenReady } from "../sealed/standing.ts";
import { aborted, conversationInTime, explainNobody, tellFoundName, tellNotices } from "../sealed/whereabouts.ts";
import { inTime } from "../time-limit.ts";
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
      quotes: "a room with its quotes: '#ops'",
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
  const { text } = read;
  let fate = UNSENT;
  const onGiven = (what: string): void => {
    fate = what;
  };
  const ended = await inTime(
    values.timeout,
    context,
    async (limited) => {
      const where = await whichServer(values, limited);
      if (!("server" in where)) return where;
      const sending = { values, context: limited, where, to, text, onGiven };
      if (isClassic(values, limited)) return await plainSend(sending);
      if (target.kind === "all") return await plainSend(sending, attach);
      return await sealedSend(sending, target, attach);
    },
    () => fate,
  );
  const code = typeof ended === "number" ? ended : complain(context, ended);
  return context.stop.aborted ? EXIT.interrupted : code;
}

const UNSENT = "nothing was sent.";
const UNKNOWN = "whether the message arrived is unknown.";

interface Ready {
  readonly values: Sending["values"];
  /** Its `stop` is aborted, too, when the time that was given is over. */
  readonly context: Sending["context"];
  readonly where: Where;
  readonly to: string;
  readonly text: string;
  /** The message is out of this program's hands: what is to be said of it, if nothing more is heard in time. */
  readonly onGiven: (fate: string) => void;
}

/** Sealed where that can be; to a person who has no device, the classic way, which is said. */
async function sealedSend(
  ready: Ready,
  target: Extract<Target, { kind: "room" | "person" }>,
  attach: Attach,
): Promise<ExitCode | Explanation> {
  const { values, context, where, text } = ready;
  const { stop } = context;
  const { server } = where;
  const attached = await attach({ ...where, comesIn: isEveryone(target) }, context);
  if (stop.aborted) return EXIT.interrupted;
  switch (attached.kind) {
    case "failed":
      return attached.explanation;
    case "unreached":
      return unsent(await explainLoss(attached.end, server, context));
    case "classic-only":
      if (target.kind === "room") return { text: `Not sent: ${cannotSeal(server)}.`, code: EXIT.refused };
      context.stderr.write(`pad send: The server can read this: ${cannotSeal(server)}.\n`);
      return await plainSend(ready);
    case "sealed":
  }
  const { chat } = attached;
  tellFoundName(attached, { server, command: "send" }, context);
  tellNotices(chat, "send", context);
  const code = await toSealed(chat);
  await chat.close();
  if (code !== "plain") return code;
  context.stderr.write(readable(ready.to));
  return await plainSend(ready);

  async function toSealed(on: SealedChat): Promise<ExitCode | Explanation | "plain"> {
    const away = await whenReady(on, server, stop);
    if (stop.aborted) return EXIT.interrupted;
    if (away !== null) return unsent(away);
    const meant = await conversationInTime(on, target, { server, stop });
    if (meant === null) return EXIT.interrupted;
    if ("code" in meant) {
      const orMade = meant.isNoRoom === true && target.kind === "room" ? ` If it is new: pad rooms create '${target.title}'.` : ""; // prettier-ignore
      const prefix = meant.text.startsWith("Not sent") ? "" : "Not sent: ";
      return { ...meant, text: `${prefix}${meant.text}${orMade}` };
    }
    const { conversation } = meant;
    if (conversation.kind === "classic-direct" || conversation.kind === "open-room") {
      // A name that was given is the device's own, whose key the classic protocol can't prove.
      if (where.name === null) return "plain";
      context.stderr.write(readable(conversation.title));
      return await openly(on, conversation, ready);
    }
    const limit = on.longestText(conversation.id);
    if (Buffer.byteLength(text) > limit) return { text: tooLong(limit), code: EXIT.wrongUse };
    const acceptMembers = values["accept-members"] === true;
    const sent = await sendSealed({ chat: on, server, conversation, text, acceptMembers, signal: stop });
    if ("code" in sent) return sent;
    const json = messageJson(conversation, sent.message);
    if (values.json === true && json !== null) context.stdout.write(jsonLine(json));
    return EXIT.done;
  }
}

/** What came before anything was given to the agent. It may end with a command to run, which has no full stop. */
function unsent({ text, code }: Explanation): Explanation {
  return { text: `${text}${/[.!?)]$/.test(text) ? "" : "."} Nothing was sent.`, code };
}

/** So that the server can read it, by this device. */
async function openly(on: SealedChat, { id, title }: Conversation, ready: Ready): Promise<ExitCode | Explanation> {
  const { values, context, where, to, text, onGiven } = ready;
  onGiven(UNKNOWN);
  const outcome = await Promise.race([on.send(id, text), aborted(context.stop)]);
  if (outcome === null || context.stop.aborted) return EXIT.interrupted;
  if (outcome.kind !== "taken") {
    return explainNobody(outcome, title, where.server) ?? explainFailure(outcome, where.server);
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
async function plainSend(ready: Ready, attach: Attach | null = null): Promise<ExitCode | Explanation> {
  const { values, context, where, to, text, onGiven } = ready;
  if (Buffer.byteLength(text) > longestText(to)) return { text: tooLong(longestText(to)), code: EXIT.wrongUse };
  const found = await destination(where, values, context);
  const sent = await sendClassic({ to, text, destination: found, onGiven: () => onGiven(UNKNOWN) }, context);
  if ("devicesName" in sent) {
    const attached = attach === null ? null : await attach({ ...where, name: sent.devicesName }, context);
    if (context.stop.aborted) return EXIT.interrupted;
    if (attached?.kind !== "sealed") return sent.explanation;
    const { chat } = attached;
    const away = await whenReady(chat, where.server, context.stop);
    const why = standingInTheWay(chat.standing) ?? sent.explanation;
    const code = away !== null ? why : await openly(chat, OPEN_ROOM, ready);
    await chat.close();
    return context.stop.aborted ? EXIT.interrupted : code;
  }
  if ("text" in sent) return sent;
  if ("code" in sent) return sent.code;
  if (values.json === true) {
    const place = to === OPEN_ROOM_NAME ? { room: to } : { with: to };
    context.stdout.write(jsonLine({ ...place, from: sent.from, at: isoTime(Date.now()), text, sealed: false }));
  }
  return EXIT.done;
}

function complain({ stderr }: Sending["context"], { text, code }: Explanation): ExitCode {
  stderr.write(`pad send: ${text}\n`);
  return code;
}
