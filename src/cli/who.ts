import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { enter } from "./enter.ts";
import { explainEnd, explainFailure, type Explanation } from "./explain.ts";
import { escapedLine, plainJson } from "../text/visible.ts";
import { destination, explainEntry, idsOf, NAME_TIMEOUT, SCRIPT_OPTIONS, whichServer } from "./script.ts";

const OPTIONS = { ...SCRIPT_OPTIONS, json: { kind: "flag", help: "print one JSON array" } } as const satisfies Options;

/** `pad who`: who else is connected. */
export const command = defineCommand(
  {
    name: "who",
    program: "pad",
    summary: "List who else is here, one name a line, sorted.",
    words: "",
    minWords: 0,
    maxWords: 0,
    options: OPTIONS,
    examples: [
      ["pad who --server chat", "the names, one a line"],
      ["pad who --json", "the same as a JSON array"],
      ["pad who | grep -qix bob", "whether bob is here"],
    ],
  },
  who,
);

async function who({ values, context }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { stdout, stderr, stop } = context;
  const where = await whichServer(values, context);
  if (!("server" in where)) return complain(where);
  const { server } = where;
  const found = await destination(where, values, context);
  const entry = await enter({
    ...found.reach,
    server,
    ids: idsOf(found),
    timeout: NAME_TIMEOUT,
    reconnect: "never",
    signal: stop,
  });
  if (stop.aborted) return EXIT.interrupted;
  if ("cause" in entry) return complain(await explainEntry(entry.cause, found, context));
  const { client } = entry;
  const reply = await client.list();
  await client.close();
  if (reply.kind === "answered") {
    const names = reply.value.filter((id) => id !== client.id).toSorted(inAnyCase);
    stdout.write(values.json === true ? `${plainJson(names)}\n` : names.map((id) => `${escapedLine(id)}\n`).join(""));
    return EXIT.done;
  }
  if (stop.aborted) return EXIT.interrupted;
  // No message was on its way whose fate could be unknown.
  return complain(reply.kind === "unknown" ? explainEnd(reply.why, server) : explainFailure(reply, server));

  function complain({ text, code }: Explanation): ExitCode {
    stderr.write(`pad who: ${text}\n`);
    return code;
  }
}

/** By code units, so that it is the same on every machine, but not by case, which doesn't tell names apart. */
function inAnyCase(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}
