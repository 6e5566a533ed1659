/**
 * `admin`: the administrator's commands (`padserve names`, `bans`, …). They ask the running server over loopback, or open a
 * stopped one's folder; whoever can read that folder is the administrator.
 */

import { Agent, request, type IncomingMessage, type RequestOptions } from "node:http";
import * as v from "valibot";
import {
  isHex32,
  isProof,
  newNonce,
  NONCE_HEADER,
  PROOF_HEADER,
  proveAnswer,
  proveRequest,
  proveServer,
} from "./proof.ts";
import type { RunningServer } from "./running-file.ts";

/**
 * Why a running server could not be asked.
 * - `nobody`: nothing listens at its port any more
 * - `stranger`: something answers there that doesn't know the secret, so it is not that server
 * - `failed`: it is that server, and gave no answer that can be used
 */
export type AskFailure = "nobody" | "stranger" | "failed";

/** One line for people; nothing in it is the other end's words. */
export class AskError extends Error {
  override readonly name = "AskError";
  readonly kind: AskFailure;

  constructor(kind: AskFailure, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Milliseconds for all of it. */
const TIMEOUT = 5000;
/** Bytes. */
const MOST_CHALLENGE = 1024;
/** A hundred thousand names have some 15 MB. */
const MOST_ANSWER = 64 * 1024 * 1024;

/**
 * Asks a running server what only its administrator may: first it must prove that it is the server that left word of itself, and
 * its answer, too (`proof.ts`). Rejects with an `AskError`.
 */
export async function ask<T>(
  { port, token }: RunningServer,
  method: "GET" | "DELETE" | "PUT",
  path: string,
  schema: v.GenericSchema<unknown, T>,
  timeout = TIMEOUT,
): Promise<T> {
  // The server binds its challenge to the connection.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const signal = AbortSignal.timeout(timeout);
  const to = { host: "127.0.0.1", port, agent, signal };
  try {
    const client = newNonce();
    const challenge = await exchange(
      { ...to, method: "GET", path: "/admin/challenge", headers: { [NONCE_HEADER]: client } },
      MOST_CHALLENGE,
    ).catch((error: unknown) => {
      throw isNobody(error) ? nobody(port) : stranger(port);
    });
    const server = challenge.headers[NONCE_HEADER];
    if (!isHex32(server) || !isProof(challenge.headers[PROOF_HEADER], proveServer(token, { client, server }))) {
      throw stranger(port);
    }
    const nonces = { client, server };
    const headers = { [PROOF_HEADER]: proveRequest(token, nonces, method, path) };
    const answer = await exchange({ ...to, method, path, headers }, MOST_ANSWER).catch(() => {
      throw failed("did not answer in time, or broke off");
    });
    if (!isProof(answer.headers[PROOF_HEADER], proveAnswer(token, nonces, answer.status, answer.body))) {
      throw failed("gave an answer that is not its own");
    }
    if (answer.status !== 200) throw failed(`answered with HTTP status ${answer.status}`);
    return decode(answer.body, schema);
  } finally {
    agent.destroy();
  }
}

interface Exchanged {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One request and its whole answer, of `most` bytes. Rejects when there is none such. */
function exchange(options: RequestOptions, most: number): Promise<Exchanged> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchanged>();
  const asking = request({ ...options, maxHeaderSize: 8192 }, (response) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > most) asking.destroy(new Error("longer than an answer can be"));
      else chunks.push(chunk);
    });
    response.on("error", reject);
    response.on("end", () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: Buffer.concat(chunks).toString("utf8") });
    });
  });
  asking.on("error", reject);
  asking.end();
  return promise;
}

function decode<T>(body: string, schema: v.GenericSchema<unknown, T>): T {
  try {
    return v.parse(schema, JSON.parse(body));
  } catch {
    throw failed("answered something that this version can't read; restart it if another version is running");
  }
}

function isNobody(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

function nobody(port: number): AskError {
  return new AskError("nobody", `nothing listens on port ${port} of 127.0.0.1 now`);
}

function stranger(port: number): AskError {
  return new AskError(
    "stranger",
    `what answers on port ${port} of 127.0.0.1 is not the server that left word of itself`,
  );
}

function failed(what: string): AskError {
  return new AskError("failed", `the running server ${what}`);
}
