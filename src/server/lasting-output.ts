import type { Writable } from "node:stream";

/** Most bytes that wait for a reader of the output that reads no more. */
const MOST_WAITING = 1024 * 1024;

/** Writes to a stream as long as that works, and goes on when it doesn't: a full disk, a reader that has gone, or that reads no more. */
export interface LastingOutput {
  /** @param lines how many are lost where it can't be written. */
  write(text: string, lines?: number): void;
}

/**
 * The server's log and its news for the person who started it must not end it.
 * @param onRecovered told, when something could be written again, how many lines were lost before.
 */
export function createLastingOutput(stream: Writable, onRecovered: (lost: number) => void = ignore): LastingOutput {
  let lost = 0;
  stream.on("error", ignore);
  return {
    write: (text, lines = 1) => {
      if (stream.writableLength > MOST_WAITING) {
        lost += lines;
        return;
      }
      stream.write(text, (error) => {
        if (error) lost += lines;
        else if (lost > 0) {
          const before = lost;
          lost = 0;
          onRecovered(before);
        }
      });
    },
  };
}

function ignore(): void {}
