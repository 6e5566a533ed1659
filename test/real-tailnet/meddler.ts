import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { scratchFolder } from "../helpers/program.ts";

/** Stands between a server and its real tailscaled, and passes everything on until it is told otherwise. */
export interface Meddler {
  /** Where the server is to ask. */
  readonly socket: string;
  /** Resolves when tailscaled's next answer to such a question has been passed on. */
  answered(question: string): Promise<void>;
  /** From now on asks in a way that tailscaled itself answers with 403. */
  offend(): void;
  /** From now on keeps answers to such questions back. */
  delay(question: string): void;
  /** Passes on what was kept back, and all that comes. */
  behave(): void;
}

export async function startMeddler(tailscaled: string): Promise<Meddler> {
  const socket = join(scratchFolder(), "meddler.sock");
  let host = HOST;
  let release = Promise.withResolvers<void>();
  let delayed: string | null = null;
  const waiting = new Set<{ readonly question: string; readonly resolve: () => void }>();

  async function passOn(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method, url: path = "", headers } = asked;
    const sent = request({ socketPath: tailscaled, method, path, headers: { ...headers, host } }).end();
    const [real]: IncomingMessage[] = await once(sent, "response");
    if (real === undefined) return;
    if (delayed !== null && path.includes(delayed)) await release.promise;
    answer.writeHead(real.statusCode ?? 0, real.headers);
    answer.flushHeaders();
    answer.once("close", () => sent.destroy());
    real.on("error", () => answer.destroy()).pipe(answer);
    await once(answer, "finish");
    for (const listener of waiting) {
      if (!path.includes(listener.question)) continue;
      waiting.delete(listener);
      listener.resolve();
    }
  }

  const server = createServer((asked, answer) => {
    // A tailscaled that has gone looks like one that breaks off.
    passOn(asked, answer).catch(() => answer.destroy());
  });
  server.listen(socket);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });

  return {
    socket,
    answered: (question) => new Promise((resolve) => waiting.add({ question, resolve })),
    offend: () => void (host = "example.com"),
    delay: (question) => void (delayed = question),
    behave: () => {
      host = HOST;
      delayed = null;
      release.resolve();
      release = Promise.withResolvers();
    },
  };
}

const HOST = "local-tailscaled.sock";
