/** `cli/listen`: `pad listen`: each message as a line, or as a run of a command without a shell. */

import { defineCommand, type Invocation } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import { formatAddress } from "../../client/transport/index.ts";
import { BoundedOutput } from "../bounded-output.ts";
import type { Explanation } from "../explain.ts";
import { destination, explainEntry, type Destination } from "../script.ts";
import { printer, runner } from "./handler.ts";
import { whyNotRunnable } from "./is-runnable.ts";
import { listenTo, type Ending } from "./listening.ts";
import { asJson, asLine, isWanted } from "./message.ts";
import { LISTEN_OPTIONS } from "./options.ts";

/** `pad listen`: a line for each message, or a command. */
export const command = defineCommand(
  {
    name: "listen",
    program: "pad",
    summary: "Print each message as one line (from, to and text, with tabs between), or run a command for it.",
    words: "",
    minWords: 0,
    maxWords: 0,
    rest: "COMMAND ARG…",
    options: LISTEN_OPTIONS,
    examples: [
      ["pad listen --server chat", "all that is said to everybody or to this script"],
      ["pad listen --from bob --count 1 --timeout 60", "wait a minute for a message from bob"],
      ["pad listen --json | jq -r .text", "for programs: the text exactly"],
      ["pad listen --to me -- ./answer.sh", "run it for each: text on its input, PAD_FROM, PAD_TO, PAD_SERVER"],
    ],
  },
  listen,
);

type Listen = Invocation<typeof LISTEN_OPTIONS>;

async function listen(invocation: Listen): Promise<ExitCode> {
  const { values, rest, context } = invocation;
  const { stop } = context;
  const told = new BoundedOutput(context.stderr);
  const [file, ...args] = rest ?? [];
  const wrong = file === undefined ? null : wrongCommand(file, invocation);
  if (wrong !== null) return complain({ text: wrong, code: EXIT.wrongUse });
  const found = await destination(values, context);
  if (!("server" in found)) return complain(found);
  const { server } = found;
  const print = printer(values.json === true ? asJson : asLine, context);
  const ending = await listenTo({
    destination: found,
    isWanted: (message) => isWanted(message, values.from, values.to),
    handler: (cannotRun) =>
      file === undefined ? print : runner([file, ...args], formatAddress(server), context, note, cannotRun),
    count: values.count ?? Infinity,
    timeout: values.timeout === undefined ? null : values.timeout * 1000,
    queue: values.queue ?? 1000,
    stop,
    note,
  });
  if (stop.aborted) return stop.reason === "SIGINT" ? EXIT.interrupted : EXIT.done;
  const explained = await explainEnding(ending, found, invocation);
  return explained === null ? EXIT.done : complain(explained);

  function note(line: string): void {
    told.write(`pad listen: ${line}\n`);
  }

  function complain({ text, code }: Explanation): ExitCode {
    note(text);
    return code;
  }
}

/** What is wrong with running a command, as far as can be known before there is a message. */
function wrongCommand(file: string, { values, context }: Listen): string | null {
  if (values.json === true) return "--json is for printing; a command gets the text itself.";
  return whyNotRunnable(file, context.env);
}

/** Null: it did what it was to do. */
async function explainEnding(
  ending: Ending,
  found: Destination,
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
      return explainEntry(ending.cause, found, context);
  }
}
