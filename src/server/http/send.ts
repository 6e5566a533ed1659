import type { ServerResponse } from "node:http";

/** A whole answer. A browser can do nothing with it but show it. */
export function send(
  response: ServerResponse,
  status: number,
  body: string,
  type = "text/plain; charset=utf-8",
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers(type), ...more, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** The headers of every answer. */
export function headers(type: string): Readonly<Record<string, string>> {
  return {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy":
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
  };
}
