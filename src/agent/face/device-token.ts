import { closeSync, openSync, readSync } from "node:fs";

/** Bytes that are read of the file, whatever it is: a token has 37 characters. */
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
    return beginningOf(file).trim();
  } catch {
    return "";
  }
}

function beginningOf(file: string): string {
  const from = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(LONGEST);
    let length = 0;
    // A pipe gives what it has, in parts.
    for (let read = -1; read !== 0 && length < LONGEST; length += read) {
      read = readSync(from, bytes, length, LONGEST - length, null);
    }
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(from);
  }
}
