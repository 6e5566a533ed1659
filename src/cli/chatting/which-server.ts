import { createInterface } from "node:readline/promises";
import type { ProcessContext } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import { parseAddress, type ServerAddress } from "../../client/transport/index.ts";
import { notAnAddress } from "../explain.ts";
import { chooseServer } from "../start/choose-server.ts";

/** The server, and whether a person was asked for it; or what to exit with where there is none, when why has been said. */
export type Found = { readonly server: ServerAddress; readonly asked: boolean } | { readonly code: ExitCode };

/** A person is asked where no server is known. */
export async function findServer(
  given: string | undefined,
  known: ServerAddress | null,
  { env, stdin, stderr, stop }: ProcessContext,
): Promise<Found> {
  const choice = await chooseServer(given, env, known);
  if (choice.kind === "chosen") return { server: choice.server, asked: false };
  if (choice.kind === "not-an-address") {
    stderr.write(`pad chat: ${notAnAddress(choice.words)}\n`);
    return { code: EXIT.wrongUse };
  }
  if (stdin.isTTY === true) return askForServer({ stdin, stderr, stop });
  stderr.write("pad chat: Which server? None is remembered and none listens on this machine: pad chat SERVER\n");
  return { code: EXIT.unreachable };
}

async function askForServer({
  stdin,
  stderr,
  stop,
}: Pick<ProcessContext, "stdin" | "stderr" | "stop">): Promise<Found> {
  const reader = createInterface({ input: stdin, output: stderr });
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    for (;;) {
      const words = await reader.question("Which server? Its name or address in your tailnet: ", { signal: stop });
      const server = parseAddress(words.trim());
      if (server !== null) return { server, asked: true };
      stderr.write(`${notAnAddress(words)}\n`);
    }
  } catch {
    // Interrupted, or the input has ended: behind the question, which is still open.
    stderr.write("\n");
    return { code: stop.aborted ? EXIT.interrupted : EXIT.wrongUse };
  } finally {
    reader.close();
  }
}
