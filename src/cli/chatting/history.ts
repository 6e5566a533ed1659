import { join } from "node:path";
import { decodeHistory, encodeHistory, type Histories } from "../../view/composer/history-file.ts";
import type { Places } from "../start/places.ts";
import { appendPrivate, readPrivate, writePrivate } from "../start/private-file.ts";

/** What the person wrote in earlier chats, by conversation. What others said is never kept. */
export interface History {
  readonly histories: Histories;
  readonly remember: (conversation: string, text: string) => void;
}

/** Bytes of the file over which it is written anew with what still counts of it. */
const COMPACT_OVER = 1024 * 1024;

/** A history that keeps nothing. */
export const NO_HISTORY: History = { histories: new Map(), remember: () => {} };

/**
 * Reads `history.jsonl` of the state folder, and adds each text to it as it goes out, so that two windows don't take each
 * other's. `complain` hears once why it can't be read or written; the chat goes on without.
 */
export function openHistory({ state }: Places, complain: (line: string) => void): History {
  const path = join(state, "history.jsonl");
  const read = readPrivate(path);
  if ("trouble" in read) {
    complain(read.trouble);
    return NO_HISTORY;
  }
  const histories = decodeHistory(read.text ?? "");
  if ((read.text?.length ?? 0) > COMPACT_OVER) writePrivate(path, encodeHistory(histories));
  let writable = true;
  return {
    histories,
    remember: (conversation, text) => {
      if (!writable) return;
      const trouble = appendPrivate(path, encodeHistory(new Map([[conversation, [text]]])));
      if (trouble === null) return;
      writable = false;
      complain(trouble);
    },
  };
}
