import { defineCommand, type Invocation } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import { formatAddress, type ClientEvent, type ConnectionEnd } from "../../client/index.ts";
import { enter } from "../enter.ts";
import { destination, explainLoss, NAME_PATIENCE } from "../script.ts";
import { printer, runner } from "./handler.ts";
import { Inbox } from "./inbox.ts";
import { asJson, asLine, isWanted } from "./message.ts";
import { narrator } from "./narrate.ts";
import { LISTEN_OPTIONS } from "./options.ts";
import { isRunnable } from "./run-command.ts";

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
      ["pad listen --from bob --count 1 --timeout 60", "wait a minute for a word of bob's"],
      ["pad listen --json | jq -r .text", "for programs: the text exactly"],
      ["pad listen --to me -- ./answer.sh", "run it for each: text on its input, PAD_FROM, PAD_TO, PAD_SERVER"],
    ],
  },
  listen,
);

/** Why it is over. */
type Ending =
  | { readonly kind: "enough" | "time" | "no-command" }
  | { readonly kind: "lost"; readonly cause: ConnectionEnd };

async function listen({ values, rest, surroundings }: Invocation<typeof LISTEN_OPTIONS>): Promise<ExitCode> {
  const { env, stderr, stop } = surroundings;
  const { count = Infinity, timeout } = values;
  const [file, ...args] = rest ?? [];
  if (file !== undefined && values.json === true)
    return fail("--json is for printing; a command gets the text itself.", 1);
  if (file !== undefined && !isRunnable(file, env)) return fail(`There is no command ${file}.`, 1);
  const found = await destination(values, surroundings);
  if (!("server" in found)) return fail(found.text, found.code);
  const { server, id } = found;

  const over = Promise.withResolvers<Ending>();
  const handle =
    file === undefined
      ? printer(values.json === true ? asJson : asLine, surroundings)
      : runner([file, ...args], formatAddress(server), surroundings, note, () => over.resolve({ kind: "no-command" }));
  const inbox = new Inbox(values.queue ?? 1000, handle, note);
  const narrate = narrator(id, server, note);
  const leaving = new AbortController();
  const signal = AbortSignal.any([stop, leaving.signal]);
  let heard = 0;

  const entering = enter({ ...found.reach, server, ids: [id], patience: NAME_PATIENCE, signal, hear });
  const timer = timeout === undefined ? undefined : setTimeout(() => over.resolve({ kind: "time" }), timeout * 1000);
  const lost = entering.then((entry) => ("client" in entry ? entry.client.ended() : entry.cause));
  const ending = await Promise.race([over.promise, lost.then((cause) => ({ kind: "lost", cause }) as const)]);
  clearTimeout(timer);
  leaving.abort();
  await (stop.aborted || ending.kind === "no-command" ? inbox.abandon() : inbox.finish());
  const cause = await lost;
  if (stop.aborted) return stop.reason === "SIGINT" ? EXIT.interrupted : EXIT.done;
  const wasOnline = "client" in (await entering);
  return conclude(wasOnline || ending.kind !== "time" || cause.kind === "left" ? ending : { kind: "lost", cause }, wasOnline);

  function hear(event: ClientEvent): void {
    if (event.kind !== "message") {
      if (!leaving.signal.aborted) narrate(event);
    } else if (!leaving.signal.aborted && heard < count && isWanted(event, values.from, values.to)) {
      if (inbox.add({ at: new Date(), from: event.from, to: event.to, text: event.text })) heard += 1;
      if (heard === count) over.resolve({ kind: "enough" });
    }
  }

  async function conclude(ended: Ending, wasOnline: boolean): Promise<ExitCode> {
    switch (ended.kind) {
      case "enough":
        return EXIT.done;
      case "no-command":
        return EXIT.wrongUse;
      case "time":
        if (!wasOnline) return fail(`No connection to ${formatAddress(server)} within ${timeout} s.`, EXIT.unreachable);
        if (count === Infinity) return EXIT.done;
        return fail(`${heard} of ${count} messages came within ${timeout} s.`, EXIT.unreachable);
      case "lost": {
        const { text, code } = await explainLoss(ended.cause, server, surroundings);
        return fail(text, code);
      }
    }
  }

  function note(line: string): void {
    stderr.write(`pad listen: ${line}\n`);
  }

  function fail(line: string, code: ExitCode): ExitCode {
    note(line);
    return code;
  }
}
