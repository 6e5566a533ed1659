import { join } from "node:path";
import type { GenericSchema } from "valibot";
import { ask } from "../../src/admin/ask.ts";
import { readRunningFile } from "../../src/admin/running-file.ts";
import { startPadserve, scratchFolder, type Program, type ProgramOptions } from "./program.ts";

/** `padserve serve` as a program of its own, listening. */
export interface Serving {
  readonly program: Program;
  readonly port: number;
  /** Its data folder. */
  readonly data: string;
  /** What it said before it told how to join: where it listens. */
  readonly listening: string;
  /** How it tells others to join. */
  readonly join: string;
}

export interface ServeOptions extends ProgramOptions {
  /** Behind `serve`; without a `--port` the system chooses one. */
  readonly args?: readonly string[];
  readonly data?: string;
  /** Where to look for tailscaled; by default where there is none, whatever this machine has. */
  readonly tailscaleSocket?: string;
}

/** Starts a server and waits until it has said where it listens. Rejects with all it said when it doesn't get so far. */
export async function startServe({
  args = [],
  data = scratchFolder(),
  ...options
}: ServeOptions = {}): Promise<Serving> {
  const program = startPadserve(serveWords(args, data, options.tailscaleSocket), options);
  const listening = await program.line();
  return {
    program,
    data,
    listening,
    join: await program.line(),
    port: Number(/127\.0\.0\.1:(\d+)/.exec(listening)?.[1]),
  };
}

/** The command line of such a server. */
export function serveWords(
  args: readonly string[],
  data: string,
  tailscaleSocket = join(data, "no-tailscaled.sock"),
): readonly string[] {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  return ["serve", ...port, "--data", data, "--tailscale-socket", tailscaleSocket, "--log-format", "json", ...args];
}

/** What a running server tells its administrator. */
export function askAsAdministrator<T>(
  { data }: Pick<Serving, "data">,
  path: string,
  schema: GenericSchema<unknown, T>,
): Promise<T> {
  const running = readRunningFile(data);
  if (running === null) throw new Error(`no server runs on ${data}`);
  return ask(running, "GET", path, schema);
}
