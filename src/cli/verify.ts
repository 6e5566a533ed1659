import { defineCommand, type Command, type Invocation, type ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import type { SafetyNumber, SealedChat } from "../client/index.ts";
import type { ServerAddress } from "../client/transport/index.ts";
import { visibleLine } from "../text/visible.ts";
import { numberLines, whatOfIt, whoItIs } from "../view/safety-number.ts";
import { saysYes } from "./devices/ask.ts";
import { explainFailure, type Explanation } from "./explain.ts";
import { SCRIPT_OPTIONS } from "./script.ts";
import { attachAgent } from "./sealed/agent.ts";
import type { Attach } from "./sealed/attach.ts";
import { jsonLine } from "./sealed/message.ts";
import { explainNobody } from "./sealed/whereabouts.ts";
import { withChat } from "./sealed/with-chat.ts";

const OPTIONS = {
  ...SCRIPT_OPTIONS,
  compared: { kind: "flag", help: "both of you see the same number: their key is known to be theirs from now on" },
  yes: { kind: "flag", help: "with --compared: don't ask" },
  json: { kind: "flag", help: "print one JSON object" },
} as const satisfies Options;

/** `pad verify`: the number that two people compare. */
export const command = verifyCommand(attachAgent);

export function verifyCommand(attach: Attach): Command {
  return defineCommand(
    {
      name: "verify",
      program: "pad",
      summary: "Show the safety number of you and somebody, which both of you compare by a way that you trust.",
      words: "NAME [NUMBER]",
      minWords: 1,
      maxWords: 13,
      options: OPTIONS,
      examples: [
        ["pad verify bob", "the number; bob sees the same by pad verify and your name"],
        ["pad verify bob --compared", "you have compared it: asks once more, then remembers it"],
        ["pad verify bob 04213 55870 …", "the number as bob has told you; exits with 11 if it is another one"],
      ],
    },
    (invocation) => verify(invocation, attach),
  );
}

async function verify({ words, values, context }: Invocation<typeof OPTIONS>, attach: Attach): Promise<ExitCode> {
  const [name = "", ...told] = words;
  const number = told.join("");
  const wrong = wrongUse(number, values);
  if (wrong !== null) {
    context.stderr.write(`pad verify: ${wrong}\n`);
    return EXIT.wrongUse;
  }
  return await withChat("verify", { values, context, attach, offline: true }, async (chat, server) => {
    const reply = await chat.safetyNumber(name);
    if (reply.kind !== "answered") return whyNot(reply, name, server);
    const shown = reply.value;
    if (number !== "") return await take(chat, server, { shown, number, json: values.json === true }, context);
    if (values.compared !== true) return tell(shown, values.json === true, context);
    if (values.yes !== true && !(await isSame(shown, context))) return NOT_TAKEN;
    return await take(chat, server, { shown, number: shown.number, json: values.json === true }, context);
  });
}

const NOT_TAKEN: Explanation = {
  text: "Nothing was remembered. If the two numbers differ, one of you has been given a key that isn't the other's.",
  code: EXIT.refused,
};

function wrongUse(
  number: string,
  { compared, yes }: { readonly compared?: boolean; readonly yes?: boolean },
): string | null {
  if (number !== "" && !/^\d{60}$/.test(number)) return "a safety number has 60 digits, spaces between them or not";
  if (number !== "" && compared === true) return "either the number, or --compared";
  return yes === true && compared !== true ? "--yes is for --compared alone" : null;
}

function whyNot(failure: Parameters<typeof explainFailure>[0], name: string, server: ServerAddress): Explanation {
  if (failure.kind === "not-sent" && failure.why === "invalid-recipient") {
    return { text: `${visibleLine(name)} is you. Name the one whose key is to be compared.`, code: EXIT.wrongUse };
  }
  return explainNobody(failure, name, server) ?? explainFailure(failure, server);
}

/** Of a key that isn't the known one, and that nobody has compared, the exit code says so, too. */
function tell(shown: SafetyNumber, json: boolean, { stdout }: ProcessContext): ExitCode {
  stdout.write(json ? jsonLine(asObject(shown)) : inWords(shown));
  return shown.isChanged ? EXIT.keyChanged : EXIT.done;
}

async function take(
  chat: SealedChat,
  server: ServerAddress,
  { shown, number, json }: { readonly shown: SafetyNumber; readonly number: string; readonly json: boolean },
  { stdout }: ProcessContext,
): Promise<ExitCode | Explanation> {
  const outcome = await chat.confirmNumber(shown.name, number);
  if (outcome.kind !== "taken") return explainFailure(outcome, server);
  const compared: SafetyNumber = { ...shown, level: "compared", isChanged: false };
  stdout.write(
    json
      ? jsonLine(asObject(compared))
      : `Remembered: the key of ${whoItIs(compared)} is the one that you have compared.\n`,
  );
  return EXIT.done;
}

async function isSame(shown: SafetyNumber, context: ProcessContext): Promise<boolean> {
  context.stderr.write(inWords(shown));
  return await saysYes(`Does ${visibleLine(shown.name)} see the same number?`, context);
}

function inWords(shown: SafetyNumber): string {
  const name = visibleLine(shown.name);
  return [
    `You and ${whoItIs(shown)}:`,
    ...numberLines(shown.number).map((line) => `    ${line}`),
    whatOfIt(shown, `pad verify ${name} --compared`),
    "",
  ].join("\n");
}

function asObject({ name, kind, identity, number, level, tailnet, isChanged }: SafetyNumber): object {
  return { name, kind, identity, number, level, tailnet, changed: isChanged };
}
