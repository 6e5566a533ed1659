import { createInterface } from "node:readline/promises";
import type { Surroundings } from "../../args/command.ts";
import { parseAddress, type ServerAddress } from "../../client/index.ts";
import { notAnAddress } from "../explain.ts";
import { chooseServer } from "../start/choose-server.ts";

/** A person is asked where no server is known. Null: there is none, and why has been said. */
export async function findServer(
  given: string | undefined,
  known: ServerAddress | null,
  { env, stdin, stderr, stop }: Surroundings,
): Promise<ServerAddress | null> {
  const choice = await chooseServer(given, env, known);
  if (choice.kind === "chosen") return choice.server;
  if (choice.kind === "not-an-address") {
    stderr.write(`pad chat: ${notAnAddress(choice.words)}\n`);
    return null;
  }
  if (stdin.isTTY === true) return askForServer({ stdin, stderr, stop });
  stderr.write("pad chat: Which server? None is remembered and none listens on this machine: pad chat YourID SERVER\n");
  return null;
}

async function askForServer({
  stdin,
  stderr,
  stop,
}: Pick<Surroundings, "stdin" | "stderr" | "stop">): Promise<ServerAddress | null> {
  const reader = createInterface({ input: stdin, output: stderr });
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    for (;;) {
      const words = await reader.question("Which server? Its name or address in your tailnet: ", { signal: stop });
      const server = parseAddress(words.trim());
      if (server !== null) return server;
      stderr.write(`${notAnAddress(words)}\n`);
    }
  } catch {
    // Interrupted, or the input has ended.
    return null;
  } finally {
    reader.close();
  }
}
