import { readFileSync } from "node:fs";

/** Bytes of the file: a token has 37 characters. */
const LONGEST = 1024;

/**
 * The token that this process was given for a new device: in `PAD_DEVICE_TOKEN`, or in the file that `PAD_DEVICE_TOKEN_FILE` names. Null:
 * none. Empty: a file was named that can't be read. A device that is confirmed has no use for it.
 */
export function deviceToken(env: Readonly<Record<string, string | undefined>>): string | null {
  const { PAD_DEVICE_TOKEN: token, PAD_DEVICE_TOKEN_FILE: file } = env;
  if (token !== undefined && token !== "") return token.slice(0, LONGEST);
  if (file === undefined || file === "") return null;
  try {
    return readFileSync(file, "utf8").slice(0, LONGEST).trim();
  } catch {
    return "";
  }
}
