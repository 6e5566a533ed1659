import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What somebody said in a recorded run, and all lines that the server said to them before they spoke again. */
export interface Exchange {
  readonly who: string;
  /** One line; three when a public key was sent. */
  readonly said: readonly string[];
  readonly heard: readonly string[];
}

/** The run of the original's programs of this generation (`test/classic/recorded`), in the order in which it was said. */
export function recordedRun(generation: 1 | 2 | 3): readonly Exchange[] {
  const file = join(import.meta.dirname, `../classic/recorded/generation-${generation}.txt`);
  const exchanges: { who: string; said: string[]; heard: string[] }[] = [];
  for (const [, who = "", direction, line = ""] of readFileSync(file, "utf8").matchAll(/^(\w+)([<>]) (.*)$/gm)) {
    if (line === "(closes)") continue;
    const last = exchanges.findLast((exchange) => exchange.who === who);
    if (direction === "<") last?.heard.push(line);
    else if (last !== undefined && last.said[0] === "CLIENTPUBKEY" && !last.said.includes("END CLIENTPUBKEY"))
      last.said.push(line);
    else exchanges.push({ who, said: [line], heard: [] });
  }
  return exchanges;
}

/** What is said to somebody unasked. */
export function isPush(line: string): boolean {
  return /^(?:BROADCAST|MESSAGE) from |^BANNED You /.test(line);
}

export interface ReplayedServer extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
}

/** Says to one client, byte for byte, what the original's server said to `who`, whenever it is asked the same. */
export async function replayServer(run: readonly Exchange[], who: string): Promise<ReplayedServer> {
  const answers = new Map<string, (readonly string[])[]>();
  for (const { said, heard } of run.filter((exchange) => exchange.who === who)) {
    const asked = questionOf(said.at(-1) ?? "");
    answers.set(asked, [...(answers.get(asked) ?? []), heard]);
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    createInterface(socket).on("line", (line) => {
      if (line === "CLIENTPUBKEY" || /^04[0-9a-f]{128}$/.test(line)) return;
      for (const answer of answerTo(answers, line)) socket.write(`${answer}\n`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the replayed server is not listening");
  return {
    address: { host: "127.0.0.1", port: address.port },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** The last answer to a question stands for all later ones; what was pushed with it comes once. */
function answerTo(answers: Map<string, (readonly string[])[]>, line: string): readonly string[] {
  const recorded = answers.get(questionOf(line));
  const [answer, ...later] = recorded ?? [];
  if (recorded === undefined || answer === undefined) return [`ERROR Unknown command: ${line}`];
  answers.set(questionOf(line), later.length > 0 ? later : [answer.filter((each) => !isPush(each))]);
  return answer;
}

/** What is sealed or padded differs each time. */
function questionOf(line: string): string {
  return line.startsWith("SEND ") ? line.split(" ").slice(0, 2).join(" ") : line;
}
