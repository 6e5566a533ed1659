import { createInterface } from "node:readline/promises";
import type { ProcessContext } from "../../args/command.ts";
import { visibleLine } from "../../text/visible.ts";
import { isMachine } from "../reach/index.ts";
import { readOneWord } from "../start/one-word.ts";
import type { Remembered } from "../start/remembered.ts";

/** The name and the server that were given on the command line; undefined: not given. Null: asked for, and not told. */
export type Given = { readonly id: string | undefined; readonly server: string | undefined } | null;

/** What the words of `pad chat [YourID] [server]` are. One alone is the server where it can be; else a person is asked. */
export async function readWords(
  words: readonly string[],
  { visited }: Remembered,
  context: ProcessContext,
): Promise<Given> {
  const [word] = words;
  if (word === undefined || words.length > 1) return { id: word, server: words[1] };
  const asName = { id: word, server: undefined };
  const asServer = { id: undefined, server: word };
  const { kind } = await readOneWord(word, visited, (host) => isMachine(host, context));
  switch (kind) {
    case "server":
      return asServer;
    case "name":
      return asName;
    case "unknown": {
      // Where the server is told otherwise, or nobody is there to be asked, it can only be the name.
      if (context.stdin.isTTY !== true || (context.env["PAD_SERVER"] ?? "") !== "") return asName;
      const answer = await askWhich(word, context);
      return answer === null ? null : answer === "server" ? asServer : asName;
    }
  }
}

async function askWhich(word: string, { stdin, stderr, stop }: ProcessContext): Promise<"name" | "server" | null> {
  const reader = createInterface({ input: stdin, output: stderr });
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const shown = visibleLine(word, 100);
  try {
    for (;;) {
      const question = `No machine called ${shown} was found. Is ${shown} your name in the chat, or the server? (name/server) `;
      const answer = (await reader.question(question, { signal: stop })).trim().toLowerCase();
      if (answer === "n" || answer === "name") return "name";
      if (answer === "s" || answer === "server") return "server";
    }
  } catch {
    // Interrupted, or the input has ended: behind the question, which is still open.
    stderr.write("\n");
    return null;
  } finally {
    reader.close();
  }
}
