import type { LineConnection } from "../../net/line-connection.ts";
import { outputLength, writeOutput, type ClassicOutput } from "./outbound.ts";

/** Where lines are made before they are sent. */
export interface Scratch {
  /** Sends outputs to a connection in one write. */
  send(connection: LineConnection, outputs: readonly ClassicOutput[]): void;
}

/**
 * One buffer for all connections: a write that the kernel takes at once, as nearly all are, leaves it free for the next.
 * At 4 KiB a broadcast's line has 16 KiB; a new buffer for each reader would cost more than all the rest.
 * @param size bytes; what is larger gets a buffer of its own.
 */
export function createScratch(size = 256 * 1024): Scratch {
  let buffer = Buffer.allocUnsafeSlow(size);
  return {
    send: (connection, outputs) => {
      const [first] = outputs;
      if (outputs.length === 1 && first?.kind === "lines") {
        connection.send(first.bytes);
        connection.flush();
        return;
      }
      const length = outputs.reduce((sum, output) => sum + outputLength(output), 0);
      const own = length > size;
      const target = own ? Buffer.allocUnsafeSlow(length) : buffer;
      let at = 0;
      for (const output of outputs) at = writeOutput(output, target, at);
      connection.send(target.subarray(0, at));
      connection.flush();
      // Not all was taken: the bytes must stay as they are until it is.
      if (!own && connection.queued > 0) buffer = Buffer.allocUnsafeSlow(size);
    },
  };
}
