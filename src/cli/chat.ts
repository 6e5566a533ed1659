import { ReadStream, WriteStream } from "node:tty";
import { defineCommand, type Command, type Invocation, type ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { isSameName, OPEN_ROOM_NAME, type EndCause, type Failure } from "../client/index.ts";
import type { ServerAddress } from "../client/transport/index.ts";
import type { Chat } from "../view/chat/chat.ts";
import { NO_HISTORY, openHistory, type History } from "./chatting/history.ts";
import { join, type Joined } from "./chatting/join.ts";
import { chatInLines } from "./chatting/lines.ts";
import { chatInPipe, readPiped } from "./chatting/piped.ts";
import { loadSettings } from "./chatting/ports.ts";
import { Verdict } from "./chatting/verdict.ts";
import { readWords } from "./chatting/one-word.ts";
import { findServer } from "./chatting/which-server.ts";
import { explainFailure, type Explanation } from "./explain.ts";
import { addressee } from "./say.ts";
import { explainLoss } from "./script.ts";
import { attachAgent } from "./sealed/agent.ts";
import { CLASSIC_OPTION, isClassic } from "./sealed/attach.ts";
import { whyNotOurs } from "./sealed/standing.ts";
import { places } from "./start/places.ts";
import { recall, remember } from "./start/remembered.ts";

const OPTIONS = {
  plain: { kind: "flag", help: "lines instead of a full screen, as with NO_COLOR or TERM=dumb" },
  ...CLASSIC_OPTION,
  to: {
    kind: "text",
    placeholder: "WHO",
    help: "a person, #room or ALL to write to, also what is piped in (default #everyone; on old servers ALL)",
  },
  commands: { kind: "flag", help: "lines that are piped in are commands, too, as if they were typed" },
  "no-history": { kind: "flag", help: "neither use nor keep what was written earlier" },
} as const satisfies Options;

/** The full-screen face, which is loaded only where there is a screen. */
export interface FullScreen {
  readonly openTerminal: (options: TerminalOptions) => Promise<void>;
}

interface TerminalOptions extends History {
  readonly chat: Chat;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
}

/** `pad chat`, with the way to get a full screen: this folder does not know the terminal's components. */
export function chatCommand(loadFullScreen: () => Promise<FullScreen>): Command {
  return defineCommand(
    {
      name: "chat",
      program: "pad",
      summary: "Talk: on a terminal in full screen, in a pipe line by line.",
      words: "[YourID] [server]",
      minWords: 0,
      maxWords: 2,
      options: OPTIONS,
      hints: {
        as: "the name is a word of its own, before the server: pad chat NAME SERVER",
        server: "the server is the last word: pad chat SERVER, or pad chat NAME SERVER",
      },
      examples: [
        ["pad chat", "as last time; the first time, on this machine's own server or one that is asked for"],
        ["pad chat chat-server", "on the tailnet's machine of that name, under your usual name"],
        ["pad chat alice chat-server", "under this name, on the tailnet's machine of that name"],
        ["pad chat alice 100.64.0.1:12345", "by address"],
        ["tail -f log | pad chat nas chat-server --to '#ops'", "each line to a room"],
      ],
    },
    (invocation) => chat(invocation, loadFullScreen),
  );
}

async function chat(
  { words, values, context }: Invocation<typeof OPTIONS>,
  loadFullScreen: () => Promise<FullScreen>,
): Promise<ExitCode> {
  const { env, stdin, stderr } = context;
  const piped = stdin.isTTY === true ? null : readPiped(context);
  const own = places(env);
  const { remembered, trouble: forgotten } = recall(own);
  const { settings, trouble: unset } = loadSettings(own);
  const verdict = new Verdict();
  // A screen would wipe them away; there they are told in the chat.
  const troubles = piped === null ? [forgotten, unset].filter((trouble) => trouble !== null) : [];
  if (piped !== null) complain(forgotten, unset);
  try {
    const given = await readWords(words, remembered, context);
    if (given === null) return context.stop.aborted ? EXIT.interrupted : EXIT.wrongUse;
    const reached = await arrive(given.server, given.id);
    if ("code" in reached) return reached.code;
    const { server, joined } = reached;
    const inTheWay = piped === null ? null : await notOurs(joined);
    if (inTheWay !== null) {
      complain(inTheWay.text);
      await joined.client.close();
      return inTheWay.code;
    }
    if (values.to !== undefined) joined.chat.openNamed(addressee(values.to));
    const onScreen = piped === null && (await face(joined.chat, { server, id: joined.client.me }));
    const commands = values.commands === true;
    if (piped !== null) await chatInPipe(piped, { ...joined, server, commands, context, verdict });
    const code = await farewell(await joined.client.ended(), server, !onScreen);
    return code === EXIT.done ? verdict.code : code;
  } finally {
    piped?.close();
  }

  /** Goes to the server. A person who was asked for it, and named one that isn't there, is asked again. */
  async function arrive(named: string | undefined, id: string | undefined): Promise<Arrived> {
    const who = { given: id, remembered: remembered.id, isPerson: piped === null };
    const attach = isClassic(values, context) ? null : attachAgent;
    const inLines = isPlain(values.plain, context);
    const shownFromBefore = inLines ? LINES_FROM_BEFORE : ROWS_FROM_BEFORE;
    for (;;) {
      const found = await findServer(named, remembered.server, context);
      if ("code" in found) return found;
      const { server, asked } = found;
      const failed = (failure: Failure) => verdict.add(explainFailure(failure, server).code);
      const world = { server, own, settings: heard(settings), troubles, context, failed, shownFromBefore, inLines };
      const joined = await join({ ...who, attach, complain }, world);
      if ("chat" in joined) return { server, joined };
      if ("failed" in joined) {
        complain(joined.failed.text);
        return { code: joined.failed.code };
      }
      const code = await farewell(joined.cause, server, false);
      if (!asked || !isElsewhere(joined.cause)) return { code };
    }
  }

  /** A program is told that this device is none of its person's, where that keeps it from what it wants; a person sees it in the chat. */
  async function notOurs({ sealed }: Extract<Joined, { chat: Chat }>): Promise<Explanation | null> {
    if (sealed === undefined || sealed.standing.kind === "confirmed") return null;
    const why = await whyNotOurs(sealed, context.stop);
    // Whom a tailnet vouches for has the open room meanwhile.
    const isOpen = values.to !== undefined && isSameName(values.to, OPEN_ROOM_NAME) && sealed.state.kind === "online";
    return isOpen ? null : why;
  }

  /** Programs want messages, not who comes and goes. */
  function heard(kept: typeof settings): typeof settings {
    return piped === null ? kept : { ...kept, joins: false };
  }

  /** A person's chat, which is remembered; resolves with whether it had the whole screen. */
  async function face(joined: Chat, last: { readonly server: ServerAddress; readonly id: string }): Promise<boolean> {
    const { stdout } = context;
    complain(remember(own, last));
    if (isPlain(values.plain, context) || !(stdin instanceof ReadStream) || !(stdout instanceof WriteStream)) {
      await chatInLines(joined, context);
      return false;
    }
    const { openTerminal } = await loadFullScreen();
    const later: string[] = [];
    // Not onto the screen.
    const history = values["no-history"] === true ? NO_HISTORY : openHistory(own, (line) => later.push(line));
    await openTerminal({ chat: joined, ...history, stdin, stdout });
    complain(...later);
    return true;
  }

  /** `told`: a face that has no screen to clear has already told what ended it. */
  async function farewell(cause: EndCause, server: ServerAddress, told: boolean): Promise<ExitCode> {
    if (context.stop.reason === "SIGINT") return EXIT.interrupted;
    const { text, code } = await explainLoss(cause, server, context);
    const isNews = cause.kind === "left" ? piped === null : !told;
    if (isNews) stderr.write(`${text}\n`);
    return code;
  }

  function complain(...lines: readonly (string | null)[]): void {
    for (const line of lines) if (line !== null) stderr.write(`pad chat: ${line}\n`);
  }
}

/** The server, and the chat there; or what to exit with, when why has been said. */
type Arrived =
  | { readonly server: ServerAddress; readonly joined: Extract<Joined, { chat: Chat }> }
  | { readonly code: ExitCode };

/** Whether there is no server of ours where we looked for one. */
function isElsewhere({ kind }: EndCause): boolean {
  return kind === "unreachable" || kind === "not-padserve" || kind === "silent";
}

function isPlain(wanted: boolean | undefined, { env }: ProcessContext): boolean {
  return wanted === true || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
}

/** How much of what was said before is shown at first. */
const LINES_FROM_BEFORE = 20;
const ROWS_FROM_BEFORE = 100;
