import { join } from "node:path";
import { formatAddress, type ServerAddress } from "../../client/transport/index.ts";
import type { SeenMarks } from "../../view/chat/ports.ts";
import type { Places } from "./places.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

/** Chats (a server, and a name there) and conversations of one that are kept; those that were marked last stay. */
const MOST_CHATS = 32;
const MOST_MARKS = 500;
/** Milliseconds from a mark to its being kept. */
const PAUSE = 1000;
/** Milliseconds by which a server's clock may be before ours: one that is further ahead must not make all that follows seen. */
const CLOCKS_APART = 3_600_000;

type Marks = Readonly<Record<string, number>>;
type Chats = Readonly<Record<string, Marks>>;

/**
 * Up to when each conversation of a chat has been seen, in `seen.json` of the state folder, which another window of the same person may
 * write, too. What can't be read or written only costs the marks.
 */
export function seenMarks(
  own: Places,
  { server, me }: { readonly server: ServerAddress; readonly me: string },
): KeptMarks {
  const path = join(own.state, "seen.json");
  const chat = `${formatAddress(server)} ${me.toLowerCase()}`;
  const marks = new Map(Object.entries(read(path)[chat] ?? {}));
  let timer: NodeJS.Timeout | undefined;
  return {
    of: (id) => marks.get(id) ?? 0,
    mark(id, at) {
      const seen = Math.min(at, Date.now() + CLOCKS_APART);
      if (!(seen > (marks.get(id) ?? 0))) return;
      // The one that was marked last is the last.
      marks.delete(id);
      marks.set(id, seen);
      timer ??= setTimeout(keep, PAUSE).unref();
    },
    keep,
  };

  function keep(): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    const { [chat]: others = {}, ...rest } = read(path);
    const all = new Map(Object.entries(others));
    for (const [id, at] of marks) {
      const latest = Math.max(at, all.get(id) ?? 0);
      all.delete(id);
      all.set(id, latest);
    }
    const chats = [
      ...Object.entries(rest).slice(1 - MOST_CHATS),
      [chat, Object.fromEntries([...all].slice(-MOST_MARKS))],
    ];
    writePrivate(path, `${JSON.stringify(Object.fromEntries(chats))}\n`);
  }
}

export interface KeptMarks extends SeenMarks {
  /** Now, and not a moment later: the program ends. */
  readonly keep: () => void;
}

function read(path: string): Chats {
  const file = readPrivate(path);
  return "trouble" in file || file.text === null ? {} : decodeSeen(file.text);
}

/** What is no mark is passed over. */
export function decodeSeen(text: string): Chats {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return {};
  }
  const chats = entriesOf(json).map(([chat, marks]) => {
    const times = entriesOf(marks).flatMap(([id, at]) => (typeof at === "number" ? [[id, at] as const] : []));
    return [chat, Object.fromEntries(times.slice(-MOST_MARKS))] as const;
  });
  return Object.fromEntries(chats.slice(-MOST_CHATS));
}

function entriesOf(json: unknown): readonly (readonly [string, unknown])[] {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
}
