/**
 * `server/http`: plain HTTP: health, metrics, the page for browsers, the open room for `curl`. Every request is bounded in
 * bytes and in time, and none from a web page may speak.
 */

import type { IncomingMessage } from "node:http";

export type Body = { readonly kind: "text"; readonly text: string } | { readonly kind: "too-long" | "not-text" };

/**
 * What is said in a request's body: the text as it is, less one line end, whatever `curl -d` calls its type; or the `text` of a
 * JSON object. A multipart form isn't text.
 * @param most bytes.
 */
export async function readBody(request: IncomingMessage, most: number): Promise<Body> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type.startsWith("multipart/")) return { kind: "not-text" };
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    const bytes: unknown = piece;
    if (!Buffer.isBuffer(bytes)) return { kind: "not-text" };
    length += bytes.length;
    if (length > most) return { kind: "too-long" };
    pieces.push(bytes);
  }
  const text = new TextDecoder().decode(Buffer.concat(pieces));
  return type === "application/json" ? fromJson(text) : { kind: "text", text: text.replace(/\r?\n$/, "") };
}

function fromJson(json: string): Body {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && "text" in value && typeof value.text === "string") {
      return { kind: "text", text: value.text };
    }
  } catch {
    // What isn't JSON gets the same answer as JSON that isn't ours.
  }
  return { kind: "not-text" };
}
