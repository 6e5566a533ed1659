import { request } from "node:http";
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Endpoint } from "./endpoint.ts";
import { failure, success } from "./outcome.ts";
import type { LocalApiProblem, Outcome } from "./outcome.ts";

export interface Question {
  /** Behind `/localapi/v0/`. */
  readonly path: string;
  /** `false`: a connection of its own. */
  readonly agent: Agent | false;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Reads a whole answer of at most `most` bytes. Any HTTP status but 401 and 403 is an answer. */
export async function ask(endpoint: Endpoint, question: Question, most: number): Promise<Outcome<Answer>> {
  const opened = await open(endpoint, question);
  if (!opened.ok) {
    return opened;
  }
  const response = opened.value;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most) {
        return failure({ kind: "malformed", text: `an answer of more than ${most} bytes` });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    return failure(problemOf(error, endpoint, question));
  }
  const body = Buffer.concat(chunks).toString("utf8");
  const status = response.statusCode ?? 0;
  return status === 401 || status === 403
    ? failure({ kind: "no-permission", text: body.trim().slice(0, 200) })
    : success({ status, body });
}

/** Resolves when the answer begins. */
export async function open(endpoint: Endpoint, question: Question): Promise<Outcome<IncomingMessage>> {
  try {
    return success(await answerTo(send(endpoint, question)));
  } catch (error) {
    return failure(problemOf(error, endpoint, question));
  }
}

function send(endpoint: Endpoint, { path, agent, signal }: Question): ClientRequest {
  return request({ ...target(endpoint), path: `/localapi/v0/${path}`, agent, signal }).end();
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    // Stays for good: an error behind the answer's beginning reaches the reader through the answer itself.
    sent.on("error", reject);
  });
}

/** LocalAPI refuses any other Host than this one on sockets, Node's own default `localhost` too. */
function target(endpoint: Endpoint): RequestOptions {
  return endpoint.kind === "socket"
    ? { socketPath: endpoint.path, headers: { Host: "local-tailscaled.sock" } }
    : { host: "127.0.0.1", port: endpoint.port, auth: `:${endpoint.token}` };
}

function problemOf(error: unknown, endpoint: Endpoint, { signal }: Question): LocalApiProblem {
  if (signal.aborted) {
    return { kind: "timeout" };
  }
  switch (codeOf(error)) {
    case "ENOENT":
      return { kind: "absent" };
    case "ECONNREFUSED":
      // A socket is left by a tailscaled that was there; a number of a port proves nothing: macOS keeps it for ever.
      return { kind: endpoint.kind === "socket" ? "refused-connection" : "absent" };
    case "EACCES":
    case "EPERM":
      return { kind: "no-permission", text: "" };
    default:
      return { kind: "disconnected" };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
