import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Why a command can't be run, as far as can be known before there is a message; null: it looks well. Asked before anything is
 * listened to, so that a slip is not found by the first message.
 */
export function whyNotRunnable(file: string, env: Environment): string | null {
  if (process.platform === "win32") return null;
  const found = find(file, env);
  if (found === null) return `There is no command ${file}${whereItWasLookedFor(file)}.`;
  const interpreter = interpreterOf(found);
  if (interpreter === null || find(interpreter, env) !== null) return null;
  return `${file} can't be run: its first line asks for ${interpreter}, which is not there.`;
}

/** The file that would be run, if somebody may run it. */
function find(file: string, env: Environment): string | null {
  const folders = file.includes("/") ? [""] : (env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, file)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function whereItWasLookedFor(file: string): string {
  return file.includes("/") ? " that may be run" : " in PATH";
}

/** What a script names behind `#!`; for `env` the command that it looks for. Null: no script, or one that can't be read. */
function interpreterOf(path: string): string | null {
  const [, program = "", argument = ""] = /^#![ \t]*(\S+)[ \t]*(\S*)/.exec(firstBytes(path)) ?? [];
  if (program === "") return null;
  const isEnv = program.endsWith("/env") && argument !== "" && !argument.startsWith("-") && isProgram(program);
  return isEnv && !argument.includes("=") ? argument : program;
}

/** As many as a kernel reads of a script's first line. */
function firstBytes(path: string): string {
  const bytes = Buffer.alloc(256);
  try {
    const file = openSync(path, "r");
    try {
      return bytes.subarray(0, readSync(file, bytes)).toString("latin1");
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
