import { homedir } from "node:os";

/** The user's home; null where the environment names none and the system knows no such user, as in a container with a number for one. */
export function homeFolder(
  env: Readonly<Record<string, string | undefined>>,
  ask: () => string = homedir,
): string | null {
  if (env["HOME"]) return env["HOME"];
  try {
    return ask() || null;
  } catch {
    return null;
  }
}
