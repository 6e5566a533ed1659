import { request } from "node:http";
import type { Duplex } from "node:stream";
import type { Way } from "./ways.ts";

/** What a server's port answers to `GET /healthz`. `date`: its clock, milliseconds since 1970. */
export type HealthAnswer =
  /** Padserve, which takes us for its own machine or an operator. */
  | { readonly kind: "watched"; readonly date: number | null }
  /** HTTP, and nothing for us. */
  | { readonly kind: "not-for-us"; readonly date: number | null }
  /** The server doesn't answer to the name that we used. */
  | { readonly kind: "another-name"; readonly date: number | null }
  | { readonly kind: "no-http" };

/**
 * @param host the name to ask for, an IPv6 address in brackets.
 * @param timeout milliseconds to connect, and as many again for the answer. Never rejects.
 */
export async function askHealth(way: Way, host: string, timeout: number): Promise<HealthAnswer> {
  const opened = await way(timeout);
  return "code" in opened ? { kind: "no-http" } : ask(opened.stream, host, timeout);
}

function ask(stream: Duplex, host: string, timeout: number): Promise<HealthAnswer> {
  const { promise, resolve } = Promise.withResolvers<HealthAnswer>();
  const signal = AbortSignal.timeout(timeout);
  const headers = { host, connection: "close" };
  const asking = request({ createConnection: () => stream, path: "/healthz", headers, signal }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      body = (body + chunk).slice(0, 4096);
    });
    response.on("error", () => resolve({ kind: "no-http" }));
    response.on("end", () => {
      const date = Date.parse(response.headers.date ?? "");
      resolve({ kind: kindOf(response.statusCode ?? 0, body), date: Number.isNaN(date) ? null : date });
    });
  });
  asking.on("error", () => resolve({ kind: "no-http" }));
  asking.end();
  return promise;
}

function kindOf(status: number, body: string): Exclude<HealthAnswer["kind"], "no-http"> {
  if (status === 421) return "another-name";
  return status === 200 && isHealth(body) ? "watched" : "not-for-us";
}

/** Other programs have a `/healthz`, too. */
function isHealth(body: string): boolean {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && "tailscale" in parsed && "sessions" in parsed;
  } catch {
    return false;
  }
}
