import type { LineConnection } from "../../net/line-connection.ts";
import { outputLength, writeOutput, type ClassicOutput } from "./outbound.ts";

/** Where lines are made before they are sent. */
export interface Scratch {
  /** Sends outputs to a connection: in one write, or when they are large in a few. */
  send(connection: LineConnection, outputs: readonly ClassicOutput[]): void;
}

/**
 * One buffer for all connections: a write that the kernel takes at once, as nearly all are, leaves it free for the next.
 * At 4 KiB a broadcast's line has 16 KiB; a new buffer for each reader would cost more than all the rest.
 * @param size bytes; a line that is longer gets a buffer of its own. Small enough to stay in the processor's cache.
 */
export function createScratch(size = 64 * 1024): Scratch {
  let buffer = Buffer.allocUnsafeSlow(size);
  return {
    send: (connection, outputs) => {
      let used = 0;
      for (const output of outputs) {
        const length = outputLength(output);
        if (used + length > size) {
          write(connection, used);
          used = 0;
        }
        if (output.kind === "lines" && (outputs.length === 1 || length > size)) connection.send(output.bytes);
        else if (length > size) connection.send(ownBuffer(output, length));
        else used = writeOutput(output, buffer, used);
      }
      write(connection, used);
    },
  };

  function write(connection: LineConnection, length: number): void {
    if (length > 0) connection.send(buffer.subarray(0, length));
    connection.flush();
    // Not all was taken: the bytes must stay as they are until it is.
    if (length > 0 && connection.queued > 0) buffer = Buffer.allocUnsafeSlow(size);
  }
}

function ownBuffer(output: ClassicOutput, length: number): Buffer {
  const own = Buffer.allocUnsafeSlow(length);
  writeOutput(output, own, 0);
  return own;
}
