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
import { obeyPiped, readPiped, sayPiped, showPiped, type Piped, type PipedLines } from "./chatting/piped.ts";
import { chatPorts, loadSettings, type ChatWorld } from "./chatting/ports.ts";
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
  const { env, stdin, stderr, stop } = surroundings;
  const piped = stdin.isTTY === true ? null : readPiped(surroundings);
  const own = places(env);
  const { remembered, trouble: forgotten } = recall(own);
  const { settings, trouble: unset } = loadSettings(own);
  complain(forgotten, unset);
  try {
    const server = await findServer(words[1], remembered.server, surroundings);
    if (server === null) return stop.aborted ? EXIT.interrupted : EXIT.wrongUse;
    const id = await chooseId(words[0], remembered.id, surroundings);
    const world = { server, own, settings, surroundings };
    const joined = await join(id, piped === null, world, complain);
    if ("cause" in joined) return await farewell(joined.cause, server, surroundings);
    complain(remember(own, { server, id }));
    const code = piped === null ? await face(joined.chat) : await pipe(piped, { ...joined, server, surroundings });
    return code === EXIT.done ? await farewell(await joined.client.ended(), server, surroundings) : code;
  } finally {
    piped?.close();
  }

  async function face(joined: Chat): Promise<ExitCode> {
    const { stdout } = surroundings;
    const plain = values.plain === true || isPlain(env);
    if (!plain && stdin instanceof ReadStream && stdout instanceof WriteStream) {
      const { openTerminal } = await loadFullScreen();
      const history = values["no-history"] === true ? NO_HISTORY : openHistory(own, complain);
      await openTerminal({ chat: joined, ...history, stdin, stdout });
    } else {
      await chatInLines(joined, surroundings);
    }
    return EXIT.done;
  }

  function pipe(lines: PipedLines, way: Piped): Promise<ExitCode> {
    showPiped(way.chat, values.commands === true, surroundings);
    return values.commands === true ? obeyPiped(lines, way) : sayPiped(lines, values.to ?? OPEN_ROOM, way);
  }

  function complain(...lines: readonly (string | null)[]): void {
    for (const line of lines) if (line !== null) stderr.write(`pad chat: ${line}\n`);
  }
}

/** Connects under a name; a person can wait until an earlier connection is forgotten. */
async function join(
  id: string,
  person: boolean,
  world: Omit<ChatWorld, "client">,
  complain: (line: string) => void,
): Promise<{ readonly chat: Chat; readonly client: PadClient } | { readonly cause: EndCause }> {
  const { server, surroundings } = world;
  let chosen: Chat | undefined;
  const entry = await enter({
    ...(await reach(server, surroundings)),
    server,
    ids: [id],
    signal: surroundings.stop,
    reconnect: "lost",
    patience: person ? GHOST_PATIENCE : 0,
    pause: GHOST_PAUSE,
    waiting: () => person && complain(takenFor(id)),
    // Each attempt has a chat of its own, which hears what comes from its first line on.
    made: (client) => {
      chosen = createChat(chatPorts({ ...world, client }));
    },
  });
  if ("cause" in entry) return entry;
  return chosen === undefined ? { cause: { kind: "left" } } : { ...entry, chat: chosen };
}

async function farewell(cause: EndCause, server: ServerAddress, surroundings: Surroundings): Promise<ExitCode> {
  if (surroundings.stop.reason === "SIGINT") return EXIT.interrupted;
  const { text, code } = await explainLoss(cause, server, surroundings);
  // A pipe has nobody to say goodbye to.
  if (code !== EXIT.done || surroundings.stdin.isTTY === true) surroundings.stderr.write(`${text}\n`);
  return code;
}

function isPlain(env: Surroundings["env"]): boolean {
  return (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
}

function takenFor(id: string): string {
  return (
    `The name ${id} is taken: by somebody else, or by an earlier connection of your own that the server has not noticed is gone. ` +
    "Trying again for two minutes. Ctrl-C leaves; pad chat OTHER takes another name."
  );
}
