import type { Connection } from "../../net/connection.ts";
import { outputLength, writeOutput, type ClassicOutput } from "./outbound.ts";

/** Where lines are made before they are sent. */
export interface Scratch {
  /** Sends outputs to a connection: in one write, or when they are large in a few. */
  send(connection: Connection, outputs: readonly ClassicOutput[]): void;
}

/**
 * One buffer for all connections: a write that the kernel takes at once, as nearly all are, leaves it free for the next.
 * At 4 KiB a broadcast's line has 16 KiB; a new buffer for each reader would cost more than all the rest.
 * @param size bytes; a line that is longer gets a buffer of its own.
 */
export function createScratch(size = 256 * 1024): Scratch {
  let buffer = Buffer.allocUnsafeSlow(size);
  return {
    send: (connection, outputs) => {
      // A reader that is behind gets buffers that are no larger than the lines: they may wait long, and many of them.
      const isBehind = connection.queued > 0;
      let used = 0;
      for (const output of outputs) {
        const length = outputLength(output);
        if (isBehind || length > size || (output.kind === "lines" && outputs.length === 1)) {
          used = write(connection, used);
          connection.send(ownBytes(output, length));
        } else {
          if (used + length > size) used = write(connection, used);
          used = writeOutput(output, buffer, used);
        }
      }
      write(connection, used);
      connection.flush();
    },
  };

  /** Writes what was made in the buffer, which is empty again then: returns 0. */
  function write(connection: Connection, length: number): number {
    if (length === 0) return 0;
    connection.send(buffer.subarray(0, length));
    connection.flush();
    // Not all was taken: the bytes must stay as they are until it is.
    if (connection.queued > 0) buffer = Buffer.allocUnsafeSlow(size);
    return 0;
  }
}

function ownBytes(output: ClassicOutput, length: number): Buffer {
  if (output.kind === "lines") return output.bytes;
  const own = Buffer.allocUnsafeSlow(length);
  writeOutput(output, own, 0);
  return own;
}
