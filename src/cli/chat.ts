import { ReadStream, WriteStream } from "node:tty";
import { defineCommand, type Command, type Invocation, type Surroundings } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import type { EndCause, PadClient, ServerAddress } from "../client/index.ts";
import type { Chat } from "../view/chat/chat.ts";
import { createChat } from "../view/chat/chat-model.ts";
import { OPEN_ROOM } from "../view/chat/snapshot.ts";
import { NO_HISTORY, openHistory, type History } from "./chatting/history.ts";
import { chatInLines } from "./chatting/lines.ts";
import { obeyPiped, readPiped, sayPiped, showPiped, type PipedLines } from "./chatting/piped.ts";
import { chatPorts, loadSettings } from "./chatting/ports.ts";
import { findServer } from "./chatting/which-server.ts";
import { enter } from "./enter.ts";
import { reach } from "./reach/index.ts";
import { explainLoss } from "./script.ts";
import { chooseId } from "./start/choose-id.ts";
import { places } from "./start/places.ts";
import { recall, remember } from "./start/remembered.ts";

const OPTIONS = {
  plain: { kind: "flag", help: "lines instead of a full screen, as with NO_COLOR or TERM=dumb" },
  to: { kind: "text", placeholder: "NAME", help: "whom lines that are piped in are for (default ALL, everybody)" },
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

/**
 * Milliseconds: the server notices within two minutes that a connection of ours is gone (a closed laptop), which until then
 * has our name.
 */
const GHOST_PATIENCE = 150_000;
const GHOST_PAUSE = 5000;

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
      examples: [
        ["pad chat", "as last time; the first time, on this machine's own server or one that is asked for"],
        ["pad chat alice chat-server", "under this name, on the tailnet's machine of that name"],
        ["pad chat alice 100.64.0.1:12345", "by address"],
        ["tail -f log | pad chat nas --to bob", "each line to bob"],
      ],
    },
    (invocation) => chat(invocation, loadFullScreen),
  );
}

async function chat(
  { words, values, surroundings }: Invocation<typeof OPTIONS>,
  loadFullScreen: () => Promise<FullScreen>,
): Promise<ExitCode> {
  const { env, stdin, stop } = surroundings;
  const piped = stdin.isTTY === true ? null : readPiped(surroundings);
  const own = places(env);
  const { remembered, trouble: forgotten } = recall(own);
  const { settings, trouble: unset } = loadSettings(own);
  complain(forgotten, unset);
  const server = await findServer(words[1], remembered.server, surroundings);
  if (server === null) return stop.aborted ? EXIT.interrupted : EXIT.wrongUse;
  const id = await chooseId(words[0], remembered.id, surroundings);

  const chats: Chat[] = [];
  const entry = await enter({
    ...(await reach(server, surroundings)),
    server,
    ids: [id],
    signal: stop,
    reconnect: piped === null ? "lost" : "never",
    // A script must not wait for what may never be free.
    patience: piped === null ? GHOST_PATIENCE : 0,
    pause: GHOST_PAUSE,
    waiting: () => complain(takenFor(id)),
    made: (client) => chats.push(createChat(chatPorts({ client, server, own, settings, surroundings }))),
  });
  const running = chats.at(-1);
  if ("cause" in entry || running === undefined)
    return farewell("cause" in entry ? entry.cause : { kind: "left" }, server, surroundings);
  complain(remember(own, { server, id }));
  const { client } = entry;
  const worst = piped === null ? await talk(running) : await pipe(running, client, piped, server);
  return worst === EXIT.done ? farewell(await client.ended(), server, surroundings) : worst;

  async function talk(chosen: Chat): Promise<ExitCode> {
    const { stdout } = surroundings;
    if (
      values.plain === true ||
      isPlain(surroundings) ||
      !(stdin instanceof ReadStream) ||
      !(stdout instanceof WriteStream)
    ) {
      await chatInLines(chosen, surroundings);
    } else {
      const { openTerminal } = await loadFullScreen();
      const history = values["no-history"] === true ? NO_HISTORY : openHistory(own, complain);
      await openTerminal({ chat: chosen, ...history, stdin, stdout });
    }
    return EXIT.done;
  }

  function pipe(chosen: Chat, online: PadClient, lines: PipedLines, where: ServerAddress): Promise<ExitCode> {
    showPiped(chosen, surroundings);
    const way = { chat: chosen, client: online, server: where, surroundings };
    return values.commands === true ? obeyPiped(lines, way) : sayPiped(lines, values.to ?? OPEN_ROOM, way);
  }

  function complain(...lines: readonly (string | null)[]): void {
    for (const line of lines) if (line !== null) surroundings.stderr.write(`pad chat: ${line}\n`);
  }
}

async function farewell(cause: EndCause, server: ServerAddress, surroundings: Surroundings): Promise<ExitCode> {
  if (surroundings.stop.reason === "SIGINT") return EXIT.interrupted;
  const { text, code } = await explainLoss(cause, server, surroundings);
  surroundings.stderr.write(`${text}\n`);
  return code;
}

function isPlain({ env }: Surroundings): boolean {
  return (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
}

function takenFor(id: string): string {
  return (
    `The name ${id} is taken: by somebody else, or by an earlier connection of your own that the server has not noticed is gone. ` +
    "Trying again for two minutes. Ctrl-C leaves; pad chat OTHER takes another name."
  );
}
