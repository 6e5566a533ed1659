import { connect } from "node:net";
import { DEFAULT_PORT, parseAddress, type ServerAddress } from "../../client/transport/index.ts";

/** `none`: none was named, none is remembered, and this machine has none. `not-an-address`: of the words given. */
export type ServerChoice =
  | { readonly kind: "chosen"; readonly server: ServerAddress }
  | { readonly kind: "not-an-address"; readonly words: string }
  | { readonly kind: "none" };

/** Milliseconds: for this machine to say whether anybody listens. */
const PROBE_TIMEOUT = 1000;

/**
 * The server to talk to: the one given, else `PAD_SERVER`'s, else the one remembered, else this machine's own, where one
 * listens at the port of every server.
 * @param listens whether somebody does.
 */
export async function chooseServer(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  remembered: ServerAddress | null,
  listens: (server: ServerAddress) => Promise<boolean> = isListening,
): Promise<ServerChoice> {
  const words = given ?? (env["PAD_SERVER"] || undefined);
  if (words !== undefined) {
    const server = parseAddress(words);
    return server === null ? { kind: "not-an-address", words } : { kind: "chosen", server };
  }
  if (remembered !== null) return { kind: "chosen", server: remembered };
  const own: ServerAddress = { host: "localhost", port: DEFAULT_PORT };
  return (await listens(own)) ? { kind: "chosen", server: own } : { kind: "none" };
}

/** Whether anybody takes a connection there; it is left without a word. */
export function isListening(server: ServerAddress): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ ...server, timeout: PROBE_TIMEOUT });
  const settle = (listens: boolean) => {
    socket.destroy();
    resolve(listens);
  };
  socket.on("connect", () => settle(true));
  socket.on("timeout", () => settle(false));
  socket.on("error", () => settle(false));
  return promise;
}
