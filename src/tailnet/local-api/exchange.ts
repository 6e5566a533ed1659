import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import type { Endpoint } from "./endpoint.ts";
import { failure, success } from "./outcome.ts";
import type { LocalApiProblem, Outcome } from "./outcome.ts";

export interface Question {
  /** Behind `/localapi/v0/`. */
  readonly path: string;
  /** `false`: a connection of its own. */
  readonly agent: Agent | false;
  readonly signal: AbortSignal;
  /** Default GET. */
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Reads a whole answer of at most `most` bytes. Any HTTP status but 401 and 403 is an answer. */
export async function ask(endpoint: Endpoint, question: Question, most: number): Promise<Outcome<Answer>> {
  const opened = await open(endpoint, question);
  return opened.ok ? readWhole(opened.value, { endpoint, question, most }) : opened;
}

/** Asks a question that may turn into a connection (HTTP 101), which is then the caller's, whatever becomes of the signal. */
export async function upgrade(endpoint: Endpoint, question: Question, most: number): Promise<Outcome<Answer | Duplex>> {
  try {
    const answer = await eitherAnswerTo(send(endpoint, question));
    return "headers" in answer ? await readWhole(answer, { endpoint, question, most }) : success(answer);
  } catch (error) {
    return failure(problemOf(error, endpoint, question));
  }
}

/** Resolves when the answer begins. */
export async function open(endpoint: Endpoint, question: Question): Promise<Outcome<IncomingMessage>> {
  try {
    return success(await answerTo(send(endpoint, question)));
  } catch (error) {
    return failure(problemOf(error, endpoint, question));
  }
}

async function readWhole(
  response: IncomingMessage,
  { endpoint, question, most }: { readonly endpoint: Endpoint; readonly question: Question; readonly most: number },
): Promise<Outcome<Answer>> {
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
    : success({ status, headers: response.headers, body });
}

function send(endpoint: Endpoint, { path, agent, signal, method = "GET", headers = {} }: Question): ClientRequest {
  const { headers: host, ...where } = target(endpoint);
  // See client.ts: not by an import.
  return process
    .getBuiltinModule("node:http")
    .request({
      ...where,
      method,
      path: `/localapi/v0/${path}`,
      headers: { ...host, ...headers },
      agent,
      signal,
    })
    .end();
}

function eitherAnswerTo(sent: ClientRequest): Promise<IncomingMessage | Duplex> {
  const upgraded = new Promise<Duplex>((resolve) => {
    sent.once("upgrade", (_response: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (head.length > 0) {
        stream.unshift(head);
      }
      resolve(stream);
    });
  });
  return Promise.race([answerTo(sent), upgraded]);
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    // Stays for good: an error behind the answer's beginning reaches the reader through the answer itself.
    sent.on("error", reject);
  });
}

/** LocalAPI refuses any other Host than this one on sockets, Node's own default `localhost` too. */
function target(endpoint: Endpoint): Omit<RequestOptions, "headers"> & Pick<Question, "headers"> {
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
