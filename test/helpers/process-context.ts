import { PassThrough } from "node:stream";
import type { ProcessContext } from "../../src/args/command.ts";

/** The world around a command that knows of one tailscaled. */
export function besideTailscaled(socket: string): ProcessContext {
  return {
    env: { PADSERVE_TAILSCALE_SOCKET: socket },
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    stop: new AbortController().signal,
  };
}
