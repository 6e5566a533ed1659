import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { connect, formatAddress, parseAddress } from "../client/index.ts";
import type { ClientEvent, ClientState, PadClient, ServerAddress } from "../client/index.ts";
import { explainEnd, notAnAddress } from "./explain.ts";
import { obey } from "./obey.ts";
import { createScreen, type Screen } from "./screen.ts";
import { visible } from "../view/text/visible.ts";
import { readTyped } from "./words.ts";

const OPTIONS = {} as const satisfies Options;

/** `pad chat`: lines in, lines out. */
export const command = defineCommand(
  {
    name: "chat",
    summary: "Talk: what you type goes to everybody; SEND <id> <text> goes to one. HELP tells more.",
    words: "YourID [server]",
    minWords: 1,
    maxWords: 2,
    options: OPTIONS,
    examples: [
      ["pad chat alice chat-server", "by the server's name in the tailnet"],
      ["pad chat alice 100.64.0.1:12345", "by address"],
      ["pad chat alice", "on this machine's own server"],
    ],
  },
  chat,
);

async function chat({ words, surroundings }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const [id = "", where = "localhost"] = words;
  const server = parseAddress(where);
  if (server === null) {
    surroundings.stderr.write(`pad chat: ${notAnAddress(where)}\n`);
    return EXIT.wrongUse;
  }
  const client = connect({ server, id, signal: surroundings.stop });
  const screen = createScreen(surroundings);
  client.onEvent((event) => showEvent(event, server, screen));
  const typing = new AbortController();
  const state = await client.online();
  if (state.kind === "online") void converse(client, server, screen, typing.signal);
  const cause = await client.ended();
  typing.abort();
  const { text, code } = explainEnd(cause, server);
  screen.note(text);
  screen.close();
  return surroundings.stop.reason === "SIGINT" ? EXIT.interrupted : code;
}

/** Does what is typed, line by line, until there is no more; then leaves, when the last line has its outcome. */
async function converse(client: PadClient, server: ServerAddress, screen: Screen, stop: AbortSignal): Promise<void> {
  const answers: Promise<void>[] = [];
  for await (const line of screen.lines(stop)) {
    const typed = readTyped(line);
    if (typed.kind === "exit") break;
    answers.push(obey(typed, client, server, screen));
  }
  await Promise.all(answers);
  await client.close();
}

function showEvent(event: ClientEvent, server: ServerAddress, screen: Screen): void {
  switch (event.kind) {
    case "message":
      screen.said(`${visible(event.from)}${event.to === "ALL" ? "" : " (to you)"}: ${visible(event.text)}`);
      return;
    case "unreadable":
      screen.note(`A message from ${visible(event.from)} could not be read.`);
      return;
    case "operator":
      screen.note(event.operator ? "You are operator now." : "You are not operator any more.");
      return;
    case "notice":
      screen.note(visible(event.text));
      return;
    case "state":
      showState(event.state, server, screen);
      return;
    case "kicked":
    case "banned":
    // The end that follows says it.
  }
}

function showState(state: ClientState, server: ServerAddress, screen: Screen): void {
  switch (state.kind) {
    case "online":
      screen.note(`Connected to ${formatAddress(server)}${state.operator ? " as operator" : ""}.`);
      screen.note("What you type goes to everybody; the server can read it. HELP tells more.");
      return;
    case "waiting":
      // Said once, not with each attempt.
      if (state.attempt === 0) screen.note(`${explainEnd(state.loss, server).text} Trying again until it comes back.`);
      return;
    case "connecting":
    case "ended":
  }
}
