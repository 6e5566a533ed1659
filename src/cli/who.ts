import { defineCommand, type Command, type Invocation, type ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { enter } from "./enter.ts";
import { explainEnd, explainFailure, type Explanation } from "./explain.ts";
import { escapedLine, plainJson } from "../text/visible.ts";
import { isSameName } from "../client/index.ts";
import { destination, explainEntry, idsOf, NAME_TIMEOUT, SCRIPT_OPTIONS, whichServer, type Where } from "./script.ts";
import { attachAgent } from "./sealed/agent.ts";
import type { Attach } from "./sealed/attach.ts";
import { standingInTheWay, whenReady } from "./sealed/standing.ts";
import { inTime } from "./time-limit.ts";

const OPTIONS = { ...SCRIPT_OPTIONS, json: { kind: "flag", help: "print one JSON array" } } as const satisfies Options;

/** `pad who`: who else is connected. */
export const command = whoCommand(attachAgent);

export function whoCommand(attach: Attach): Command {
  return defineCommand(
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
    (invocation) => who(invocation, attach),
  );
}

async function who({ values, context }: Invocation<typeof OPTIONS>, attach: Attach): Promise<ExitCode> {
  const ended = await inTime(
    values.timeout,
    context,
    async (limited) => await list({ values, context: limited }, attach),
  );
  if (context.stop.aborted) return EXIT.interrupted;
  if (typeof ended === "number") return ended;
  context.stderr.write(`pad who: ${ended.text}\n`);
  return ended.code;
}

async function list(
  { values, context }: Pick<Invocation<typeof OPTIONS>, "values" | "context">,
  attach: Attach,
): Promise<ExitCode | Explanation> {
  const { stop } = context;
  const where = await whichServer(values, context);
  if (!("server" in where)) return where;
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
  if ("cause" in entry) {
    const { cause } = entry;
    const isDevices = cause.kind === "refused" && cause.error.reason === "name-has-key";
    const names = isDevices ? await askDevice({ ...where, name: found.id }, context, attach) : null;
    if (names === null) return await explainEntry(cause, found, context);
    return "text" in names ? names : tell(names);
  }
  const { client } = entry;
  const reply = await client.list();
  await client.close();
  if (reply.kind === "answered") return tell(reply.value.filter((id) => id !== client.id));
  if (stop.aborted) return EXIT.interrupted;
  // No message was on its way whose fate could be unknown.
  return reply.kind === "unknown" ? explainEnd(reply.why, server) : explainFailure(reply, server);

  function tell(others: readonly string[]): ExitCode {
    const names = others.toSorted(inAnyCase);
    const lines = names.map((id) => `${escapedLine(id)}\n`).join("");
    context.stdout.write(values.json === true ? `${plainJson(names)}\n` : lines);
    return EXIT.done;
  }
}

/** Where the name is its device's alone: by that device. Null: it isn't this computer's. */
async function askDevice(
  where: Where,
  context: ProcessContext,
  attach: Attach,
): Promise<readonly string[] | Explanation | null> {
  const attached = await attach(where, context);
  if (attached.kind !== "sealed") return null;
  const { chat } = attached;
  const isAway = (await whenReady(chat, where.server, context.stop)) !== null;
  const reply = isAway ? null : await chat.people();
  const { me } = chat;
  const inTheWay = standingInTheWay(chat.standing);
  await chat.close();
  if (reply?.kind !== "answered") return inTheWay;
  return reply.value
    .filter(({ name, presence }) => presence !== "offline" && !isSameName(name, me))
    .map(({ name }) => name);
}

/** By code units, so that it is the same on every machine, but not by case, which doesn't tell names apart. */
function inAnyCase(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}
