import { hostname, userInfo } from "node:os";
import { text as readAll } from "node:stream/consumers";
import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { connect, parseAddress } from "../client/index.ts";
import { explainEnd, explainFailure, notAnAddress, type Explanation } from "./explain.ts";

const OPTIONS = {
  server: { kind: "text", placeholder: "SERVER", help: "the server's name or address (default localhost)" },
  as: { kind: "text", placeholder: "ID", help: "the name to send under (default: your user name and this machine's)" },
} as const satisfies Options;

/** `pad send`: one message, and an exit code that says whether the server took it. */
export const command = defineCommand(
  {
    name: "send",
    summary: "Send one message and leave. Exits with 0 only when the server is proven to have taken it.",
    words: "WHO TEXT",
    minWords: 2,
    maxWords: 2,
    options: OPTIONS,
    examples: [
      ['pad send bob "backup done" --server chat', "to bob"],
      ["df -h | pad send ALL - --server chat", "what is piped in, to everybody who is here"],
    ],
  },
  send,
);

async function send({ words, values, surroundings }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const [to = "", given = ""] = words;
  const where = values.server ?? "localhost";
  const server = parseAddress(where);
  if (server === null) return complain({ text: notAnAddress(where), code: EXIT.wrongUse });
  const text = given === "-" ? (await readAll(surroundings.stdin)).replace(/\r?\n$/, "") : given;
  const client = connect({ server, id: values.as ?? scriptName(), reconnect: "never", signal: surroundings.stop });
  const state = await client.online();
  if (state.kind === "ended") return complain(explainEnd(state.cause, server));
  const outcome = to === "ALL" ? await client.broadcast(text) : await client.send(to, text);
  await client.close();
  if (surroundings.stop.aborted) return EXIT.interrupted;
  return outcome.kind === "taken" ? EXIT.done : complain(explainFailure(outcome, server));

  function complain({ text: why, code }: Explanation): ExitCode {
    surroundings.stderr.write(`pad send: ${why}\n`);
    return code;
  }
}

/** A name of its own for scripts, so that an open chat under the user's name is not in the way. */
function scriptName(): string {
  const words = `${userInfo().username}-${hostname().split(".")[0]}`;
  return words.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 32);
}
