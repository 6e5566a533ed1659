import type { Notice } from "../core/notices.ts";
import { Queue } from "../core/queue.ts";

export interface ScrollbackLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: string;
  readonly text: string;
}

/** The last lines of the open room, in memory alone: for anyone who comes without a client that kept them. */
export interface Scrollback {
  /** Told of everything that goes out; keeps what was said to everybody. */
  observe(notice: Notice): void;
  /** The oldest first. */
  lines(): readonly ScrollbackLine[];
}

/** Most UTF-16 units of all texts that are kept, however many lines may be. */
const MOST_TEXT = 256 * 1024;

/** @param most lines; 0 keeps none. */
export function createScrollback(most: number, wall: () => number): Scrollback {
  const lines = new Queue<ScrollbackLine>();
  let length = 0;
  return {
    observe: (notice) => {
      if (notice.kind !== "broadcast" || most === 0) return;
      lines.push({ at: wall(), from: notice.from, text: notice.text });
      length += notice.text.length;
      while (lines.size > most || length > MOST_TEXT) length -= lines.shift()?.text.length ?? 0;
    },
    lines: () => lines.toArray(),
  };
}
