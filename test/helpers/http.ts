import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpQuestion {
  readonly path: string;
  readonly method?: string;
  /** `Host` too, which `fetch` would not let us choose. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a connection of its own, or on one that is open already. */
export async function askHttp(
  to: number | Socket,
  { path, method = "GET", headers = {} }: HttpQuestion,
): Promise<HttpAnswer> {
  const sent = request({
    ...(typeof to === "number" ? { host: "127.0.0.1", port: to, agent: false } : { createConnection: () => to }),
    path,
    method,
    headers: { host: "localhost", ...headers },
  });
  sent.end();
  const [answer]: IncomingMessage[] = await once(sent, "response");
  if (answer === undefined) throw new Error("no answer");
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}
