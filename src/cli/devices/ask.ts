import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { ProcessContext } from "../../args/command.ts";
import { EXIT } from "../../args/exit-codes.ts";
import { explainFileError } from "../../disk/file-error.ts";
import { visibleLine } from "../../text/visible.ts";
import type { Explanation } from "../explain.ts";

type Asking = Pick<ProcessContext, "stdin" | "stderr" | "stop">;

/** Whether the person types yes. No terminal and no answer are none: then --yes says it. */
export async function saysYes(question: string, context: Asking): Promise<boolean> {
  const answer = await answerTo(`${question} Type yes: `, context, context.stderr);
  // Nobody has typed the end of this line.
  if (answer === null || context.stdin.isTTY !== true) context.stderr.write("\n");
  return answer?.trim().toLowerCase() === "yes";
}

const SHORTEST = 12;

/**
 * The passphrase that opens a file, or is to: of a file's first line, else typed unseen, and a new one twice.
 * @param file null: it is asked for
 */
export async function passphrase(
  file: string | null,
  isNew: boolean,
  context: Asking,
): Promise<{ readonly passphrase: string } | Explanation> {
  if (file !== null) return fromFile(file, isNew);
  if (context.stdin.isTTY !== true) {
    return {
      text: "There is no terminal to type a passphrase at. Say it with --passphrase-file FILE.",
      code: EXIT.wrongUse,
    };
  }
  const first = await unseen(
    isNew ? `Passphrase for the file, at least ${SHORTEST} characters: ` : "Passphrase: ",
    context,
  );
  if (first === null) return { text: "No passphrase, so nothing was done.", code: EXIT.wrongUse };
  const wrong = wrongPassphrase(first, isNew);
  if (wrong !== null) return wrong;
  if (isNew && (await unseen("The same once more: ", context)) !== first) {
    return { text: "The two were not the same, so nothing was done.", code: EXIT.wrongUse };
  }
  return { passphrase: first };
}

function fromFile(file: string, isNew: boolean): { readonly passphrase: string } | Explanation {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return {
      text: `${visibleLine(file)}: the passphrase can't be read: ${explainFileError(error)}.`,
      code: EXIT.wrongUse,
    };
  }
  const [line = ""] = text.split(/\r?\n/, 1);
  return wrongPassphrase(line, isNew) ?? { passphrase: line };
}

/** A short one would be guessed by whoever has the file, however slow each guess is made. */
function wrongPassphrase(given: string, isNew: boolean): Explanation | null {
  if (given === "") return { text: "An empty passphrase keeps nobody out.", code: EXIT.wrongUse };
  return isNew && given.length < SHORTEST
    ? { text: `A passphrase has at least ${SHORTEST} characters.`, code: EXIT.wrongUse }
    : null;
}

/** What is typed at the terminal without being shown. */
async function unseen(question: string, context: Asking): Promise<string | null> {
  context.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await answerTo("", context, nowhere, true);
  context.stderr.write("\n");
  return answer;
}

async function answerTo(
  question: string,
  { stdin, stop }: Asking,
  output: NodeJS.WritableStream,
  terminal?: true,
): Promise<string | null> {
  const lines = createInterface({ input: stdin, output, ...(terminal && { terminal }) });
  try {
    const ended = new Promise<null>((resolve) => lines.once("close", () => resolve(null)));
    return await Promise.race([lines.question(question, { signal: stop }), ended]);
  } catch {
    return null;
  } finally {
    lines.close();
  }
}
