import { once } from "node:events";
import { request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** An answer of LocalAPI as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** An answer to `POST dial`: its `Dial-…` headers where it has them, and the connection where it became one. */
export interface RawDial extends RawAnswer {
  readonly self: string | null;
  readonly address: string | null;
  readonly socket: Socket | null;
}

const HEADERS = { Host: "local-tailscaled.sock" };

/** `GET /localapi/v0/PATH`, not by the code under test. */
export async function askRaw(
  socketPath: string,
  path: string,
  headers: OutgoingHttpHeaders = HEADERS,
): Promise<RawAnswer> {
  const response = await get(socketPath, path, headers);
  return {
    status: response.statusCode ?? 0,
    type: response.headers["content-type"] ?? "",
    body: await text(response),
  };
}

export const UPGRADE = { Connection: "upgrade", Upgrade: "ts-dial" };

/** `POST /localapi/v0/dial`, not by the code under test. */
export async function dialRaw(
  socketPath: string,
  host: string,
  port: number,
  headers: OutgoingHttpHeaders = { ...HEADERS, ...UPGRADE },
): Promise<RawDial> {
  const to = { "Dial-Network": "tcp", "Dial-Host": host, "Dial-Port": String(port) };
  const path = "/localapi/v0/dial";
  const sent = request({ socketPath, method: "POST", path, headers: { ...headers, ...to }, agent: false }).end();
  const [response, socket] = await Promise.race([once(sent, "response"), once(sent, "upgrade")]);
  const connected = socket instanceof Socket;
  return {
    status: response.statusCode ?? 0,
    type: response.headers["content-type"] ?? "",
    self: response.headers["dial-self"] ?? null,
    address: response.headers["dial-addr"] ?? null,
    body: connected ? "" : await text(response),
    socket: connected ? socket : null,
  };
}

/** The lines of `GET watch-ipn-bus`, until they are no longer read. */
export async function* busLines(socketPath: string, mask: number): AsyncGenerator<string, void> {
  const response = await get(socketPath, `watch-ipn-bus?mask=${mask}`, HEADERS);
  try {
    for await (const line of createInterface(response)) {
      if (line !== "") yield line;
    }
  } finally {
    response.destroy();
  }
}

async function get(socketPath: string, path: string, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
  const sent = request({ socketPath, path: `/localapi/v0/${path}`, headers, agent: false }).end();
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (response === undefined) throw new Error(`no answer to ${path}`);
  return response;
}
