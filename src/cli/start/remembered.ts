import { join } from "node:path";
import { formatAddress, parseAddress, type ServerAddress } from "../../client/transport/index.ts";
import type { Places } from "./places.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

/** The server and the name of the last chat; null: not known. */
export interface Remembered {
  readonly server: ServerAddress | null;
  readonly id: string | null;
}

/** What was remembered, and one line about what stood in the way, for standard error: it never stops anybody. */
export interface Memory {
  readonly remembered: Remembered;
  readonly trouble: string | null;
}

/** Reads `client.json` in the state folder. What can't be read or understood is as good as never remembered. */
export function recall(places: Places): Memory {
  const path = fileIn(places);
  const read = readPrivate(path);
  if ("trouble" in read) return { remembered: NOTHING, trouble: read.trouble };
  if (read.text === null) return { remembered: NOTHING, trouble: null };
  const remembered = decodeRemembered(read.text);
  return remembered === null
    ? { remembered: NOTHING, trouble: `${path} is damaged and was passed over; the next chat writes it anew` }
    : { remembered, trouble: null };
}

/** Keeps them for the next time. Gives null, or one line that says why they can't be kept. */
export function remember(
  places: Places,
  { server, id }: { readonly server: ServerAddress; readonly id: string },
): string | null {
  return writePrivate(fileIn(places), `${JSON.stringify({ server: formatAddress(server), id }, null, 2)}\n`);
}

/** Null for a text that no `remember` has written. Fields that are not known here are a later version's, and no harm. */
export function decodeRemembered(text: string): Remembered | null {
  const json = parse(text);
  if (json === null) return null;
  const server = "server" in json && typeof json.server === "string" ? parseAddress(json.server) : null;
  const id = "id" in json && typeof json.id === "string" && json.id !== "" ? json.id : null;
  return server === null && id === null ? null : { server, id };
}

const NOTHING: Remembered = { server: null, id: null };

function fileIn({ state }: Places): string {
  return join(state, "client.json");
}

function parse(text: string): object | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? json : null;
  } catch {
    return null;
  }
}
