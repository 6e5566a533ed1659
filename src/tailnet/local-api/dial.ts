import type { Duplex } from "node:stream";
import type { Endpoint } from "./endpoint.ts";
import { upgrade } from "./exchange.ts";
import type { Answer } from "./exchange.ts";
import { failure, success } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/** What came of a connection that tailscaled was asked for. */
export type Dialled =
  | { readonly kind: "connected"; readonly stream: Duplex }
  /** No peer has the address, so tailscaled leaves it to us (1.102; the oldest, 1.80, connects by itself). */
  | { readonly kind: "yourself"; readonly host: string; readonly port: number }
  /** Nobody was reached; the code is what the system would have said. */
  | { readonly kind: "failed"; readonly code: "ENOTFOUND" | "ECONNREFUSED" | "EHOSTUNREACH" };

/** Bytes: of the answer where there is no connection. */
const MOST_DIAL = 64 * 1024;

/** Has tailscaled connect to a host of the tailnet by TCP (Tailscale LocalAPI, `serveDial`). */
export async function dial(
  endpoint: Endpoint,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Outcome<Dialled>> {
  const headers = {
    Connection: "upgrade",
    Upgrade: "ts-dial",
    "Dial-Network": "tcp",
    "Dial-Host": host,
    "Dial-Port": String(port),
  };
  const answer = await upgrade(endpoint, { path: "dial", method: "POST", headers, agent: false, signal }, MOST_DIAL);
  if (!answer.ok) {
    return answer;
  }
  return "status" in answer.value ? understand(answer.value) : success({ kind: "connected", stream: answer.value });
}

function understand({ status, headers, body }: Answer): Outcome<Dialled> {
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(String(headers["dial-addr"])) ?? [];
  if (status === 200 && headers["dial-self"] === "true" && port !== undefined) {
    return success({ kind: "yourself", host: v6 ?? v4 ?? "", port: Number(port) });
  }
  if (status === 502) {
    return success({ kind: "failed", code: codeOf(body) });
  }
  return failure({ kind: "http", status, text: body.trim().slice(0, 200) });
}

/**
 * tailscaled has only words for why it failed: those of Go's resolver (`lookup chat: no such host`) and of its own network
 * stack (`connection was refused`). In others' words the machine is as good as out of reach.
 */
function codeOf(words: string): Extract<Dialled, { kind: "failed" }>["code"] {
  if (/\blookup\b/.test(words)) {
    return "ENOTFOUND";
  }
  return words.includes("refused") ? "ECONNREFUSED" : "EHOSTUNREACH";
}
