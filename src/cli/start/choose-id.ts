/** `cli/start`: where a run starts: which server, which name, which files. Asks a person only where nothing else says it. */

import { hostname, userInfo } from "node:os";
import type { ProcessContext } from "../../args/command.ts";

/** A server of ours takes names of so many characters. */
const LONGEST = 32;
/** Of a script's name: there must be room for a suffix such as `-2`. */
const SUFFIX = 2;
/** Of the machine's name in a script's name, so that a person's name is never lost behind it. */
const LONGEST_HOST = 15;

/**
 * The name to chat under: the one given, as it is; else the one remembered; else the local part of the tailnet login; else
 * the user's name here. Asks tailscaled only when it comes to that.
 */
export async function chooseId(
  given: string | undefined,
  remembered: string | null,
  context: ProcessContext,
): Promise<string> {
  return (
    given ?? remembered ?? nameFrom(localPart(await loginName(context))) ?? nameFrom(userName(context)) ?? "somebody"
  );
}

/**
 * Names to come in under, in order of preference: the one given or remembered and no other; else what `chooseId` finds, and beside it
 * some more, since two people of one tailnet may be alice, at two providers.
 */
export async function chooseIds(
  given: string | undefined,
  remembered: string | null,
  context: ProcessContext,
): Promise<readonly [string, ...string[]]> {
  const chosen = given ?? remembered;
  if (chosen !== null) return [chosen];
  const login = await loginName(context);
  const id = nameFrom(localPart(login)) ?? nameFrom(userName(context)) ?? "somebody";
  const provider = nameFrom(login.split("@")[1]?.split(".")[0] ?? "");
  const more = [...(provider === null ? [] : [provider]), "2", "3"];
  return [id, ...more.map((suffix) => `${id.slice(0, LONGEST - 1 - suffix.length)}-${suffix}`.slice(0, LONGEST))];
}

/**
 * The name of a person's scripts on this machine, `alice-nas`: their own, so that an open chat isn't in the way, and the
 * same each time, since an identity may have only a few.
 */
export function scriptId(id: string, host: string = hostname()): string {
  const machine = nameFrom(host.split(".")[0] ?? "")?.slice(0, LONGEST_HOST) ?? "script";
  return `${id.slice(0, LONGEST - SUFFIX - 1 - machine.length)}-${machine}`;
}

/** Words as a name: 1 to 32 of `A-Za-z0-9._-`, accents taken off, others as dashes. Null where nothing is left, or `ALL`. */
export function nameFrom(words: string): string | null {
  const name = words
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, LONGEST);
  return name === "" || name.toUpperCase() === "ALL" ? null : name;
}

/** Nothing for a tagged machine, or without Tailscale. */
async function loginName(context: ProcessContext): Promise<string> {
  const { ownLogin } = await import("../reach/index.ts");
  return (await ownLogin(context)) ?? "";
}

/** `alice` of alice@example.com. */
function localPart(login: string): string {
  return login.split("@")[0] ?? "";
}

/** In a container the user may have a number only. */
function userName({ env }: ProcessContext): string {
  try {
    return userInfo().username;
  } catch {
    return env["USER"] ?? env["LOGNAME"] ?? "";
  }
}
