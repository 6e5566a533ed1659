import { once } from "node:events";
import { request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** An answer of LocalAPI as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
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
