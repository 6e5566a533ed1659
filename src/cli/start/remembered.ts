import { join } from "node:path";
import { formatAddress, parseAddress, type ServerAddress } from "../../client/transport/index.ts";
import type { Places } from "./places.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

/** The server and the name of the last chat; null: not known. */
export interface Remembered {
  readonly server: ServerAddress | null;
  readonly id: string | null;
  /** Servers of former chats, the last one first. */
  readonly visited: readonly ServerAddress[];
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
    ? { remembered: NOTHING, trouble: `${path} is damaged and was passed over; the next chat writes a new one` }
    : { remembered, trouble: null };
}

/** Keeps them for the next time. Gives null, or one line that says why they can't be kept. */
export function remember(
  places: Places,
  { server, id }: { readonly server: ServerAddress; readonly id: string },
): string | null {
  const own = formatAddress(server);
  const others = recall(places)
    .remembered.visited.map(formatAddress)
    .filter((other) => other !== own);
  const visited = [own, ...others].slice(0, MOST_VISITED);
  return writePrivate(fileIn(places), `${JSON.stringify({ server: own, id, visited }, null, 2)}\n`);
}

/** Null for a text that no `remember` has written. Fields that are not known here are a later version's, and no harm. */
export function decodeRemembered(text: string): Remembered | null {
  const json = parse(text);
  if (json === null) return null;
  const server = "server" in json && typeof json.server === "string" ? parseAddress(json.server) : null;
  const id = "id" in json && typeof json.id === "string" && json.id !== "" ? json.id : null;
  const written: readonly unknown[] = "visited" in json && Array.isArray(json.visited) ? json.visited : [];
  const visited = written.slice(0, MOST_VISITED).flatMap((words) => {
    const address = typeof words === "string" ? parseAddress(words) : null;
    return address === null ? [] : [address];
  });
  if (server === null && id === null) return null;
  // What versions up to 0.1.0 wrote has only the last one.
  return { server, id, visited: visited.length === 0 && server !== null ? [server] : visited };
}

const NOTHING: Remembered = { server: null, id: null, visited: [] };

const MOST_VISITED = 32;

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
