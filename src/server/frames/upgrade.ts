import type { IncomingMessage } from "node:http";
import { CLIENT_HEADER, PATH, SUBPROTOCOL } from "../../wire/frames/version.ts";
import { isOurHost, type HostNames } from "../host-names.ts";

/** Why an upgrade is refused, as HTTP says it; null: it may go on. */
export interface UpgradeRefusal {
  readonly status: string;
  readonly body: string;
}

/**
 * Who somebody is follows from their connection, so any page in a member's browser could speak as them, if it could connect. It
 * can't: a page always sends its Origin, which must be this server's own, and can't send our header.
 */
export function refuseUpgrade(request: IncomingMessage, ours: HostNames, port: number): UpgradeRefusal | null {
  const { host, origin, [CLIENT_HEADER]: client, "sec-websocket-protocol": protocols } = request.headers;
  const path = request.url?.split("?")[0];
  if (!isOurHost(host, ours)) return { status: "421 Misdirected Request", body: "This server has another name.\n" };
  if (path !== PATH) return { status: "404 Not Found", body: `Frames are spoken at ${PATH}.\n` };
  if (origin !== undefined && !isOurOrigin(origin, host, port)) {
    return { status: "403 Forbidden", body: "Pages of another origin can't connect here.\n" };
  }
  if (origin === undefined && client === undefined) {
    return {
      status: "403 Forbidden",
      body: `Send the header ${CLIENT_HEADER}, with the program's name and version.\n`,
    };
  }
  if (!(protocols ?? "").split(",").some((protocol) => protocol.trim() === SUBPROTOCOL)) {
    return { status: "400 Bad Request", body: `Ask for the subprotocol ${SUBPROTOCOL}.\n` };
  }
  return null;
}

/**
 * Scheme, host and port must be ours (RFC 6454); `null`, which sandboxed pages send, is none. The host is the one that the request itself asks for,
 * not just any of our names: `localhost` is one, and to somebody else's browser it is another machine.
 */
function isOurOrigin(origin: string, host: string | undefined, port: number): boolean {
  const match = /^http:\/\/([^/?#@]+?)(?::(\d{1,5}))?$/.exec(origin);
  if (match === null || host === undefined) return false;
  const [, name, given] = match;
  return Number(given ?? 80) === port && name?.toLowerCase() === host.replace(/:\d{1,5}$/, "").toLowerCase();
}

/** The answer to a refused upgrade, whole. */
export function refusalResponse({ status, body }: UpgradeRefusal): string {
  return [
    `HTTP/1.1 ${status}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}
