import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import type { Failure } from "../client/index.ts";
import { longestText } from "../client/classic/index.ts";
import { formatAddress, type ServerAddress } from "../client/transport/index.ts";
import { enter } from "./enter.ts";
import { explainFailure, type Explanation } from "./explain.ts";
import { readText } from "./read-text.ts";
import { addressee, say } from "./say.ts";
import { destination, explainEntry, idsOf, NAME_TIMEOUT, SCRIPT_OPTIONS } from "./script.ts";

const OPTIONS = {
  ...SCRIPT_OPTIONS,
  timeout: {
    kind: "number",
    placeholder: "SECONDS",
    min: 0.1,
    max: 86_400,
    fractions: true,
    help: "how long to try in all (default: as long as the server answers, 15 for each answer)",
  },
} as const satisfies Options;

/** `pad send`: one message, and an exit code that says whether the server took it. */
export const command = defineCommand(
  {
    name: "send",
    program: "pad",
    summary: "Send one message and leave. Exits with 0 only when the server has confirmed that it took it.",
    words: "WHO TEXT",
    minWords: 2,
    maxWords: 2,
    options: OPTIONS,
    examples: [
      ['pad send bob "backup done"', "to bob"],
      ["df -h | pad send ALL -", "what is piped in, as one message to everybody who is here"],
      ['pad send --server chat -- "$who" "$text"', "behind -- nothing is an option, whatever it begins with"],
    ],
  },
  send,
);

async function send({ words, values, context }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const [whom = "", given = ""] = words;
  const to = addressee(whom);
  const read = await readText(given, context.stdin, longestText(to), context.stop);
  if (read === null) return EXIT.interrupted;
  if ("wrong" in read) return complain({ text: read.wrong, code: EXIT.wrongUse });
  const late = values.timeout === undefined ? null : AbortSignal.timeout(Math.ceil(values.timeout * 1000));
  const signal = late === null ? context.stop : AbortSignal.any([context.stop, late]);
  const found = await destination(values, context);
  if (!("server" in found)) return complain(found);
  const { server } = found;
  const ids = idsOf(found);
  const entry = await enter({ ...found.reach, server, ids, timeout: NAME_TIMEOUT, reconnect: "never", signal });
  if ("cause" in entry) {
    if (context.stop.aborted) return EXIT.interrupted;
    if (entry.cause.kind === "left") return complain(tooLate("nothing was sent."));
    return complain(await explainEntry(entry.cause, found, context));
  }
  const { client } = entry;
  const outcome = await say(client, to, read.text);
  await client.close();
  if (outcome.kind === "taken") return EXIT.done;
  if (context.stop.aborted) return EXIT.interrupted;
  const isLate = outcome.kind === "unknown" && outcome.why.kind === "left";
  return complain(isLate ? tooLate("whether the message arrived is unknown.") : explainSending(outcome, to, server));

  function tooLate(what: string): Explanation {
    return { text: `No answer within ${values.timeout} s; ${what}`, code: EXIT.unreachable };
  }

  function complain({ text: why, code }: Explanation): ExitCode {
    context.stderr.write(`pad send: ${why}\n`);
    return code;
  }
}

/** Why a message was not delivered, or may not have been, to who wrote it in a script. */
function explainSending(failure: Failure, to: string, server: ServerAddress): Explanation {
  const { text, code } = explainFailure(failure, server);
  if (failure.kind === "refused" && failure.error.reason === "recipient-not-found") {
    const where = formatAddress(server);
    return { text: `Not delivered: nobody called ${to} is connected to ${where} now. pad who lists who is.`, code };
  }
  if (failure.kind === "not-sent" && failure.why === "invalid-recipient") {
    return { text: `Not sent: ${JSON.stringify(to)} can't be anybody's name, which is one word.`, code };
  }
  return { text, code };
}
