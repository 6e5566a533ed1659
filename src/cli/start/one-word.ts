import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { formatAddress, parseAddress, type ServerAddress } from "../../client/transport/index.ts";

/** What a single word of `pad chat WORD` is: the server, a name to chat under, or what only the person knows. */
export type OneWord =
  | { readonly kind: "server" }
  | { readonly kind: "name" }
  /** No such machine is to be found; it may be a name, or a server that is away. */
  | { readonly kind: "unknown" };

/** Milliseconds for whoever knows names to answer. */
const PATIENCE = 3000;

/**
 * A word is the server when it can be nothing else (an address, a port), when it was visited before, or when such a machine is to be found.
 * @param visited servers of former chats
 * @param find whether a name is some machine's; it may take its time, and never rejects
 */
export async function readOneWord(
  word: string,
  visited: readonly ServerAddress[],
  find: (host: string) => Promise<boolean>,
): Promise<OneWord> {
  const address = parseAddress(word);
  if (address === null) return { kind: "name" };
  if (isIP(address.host) !== 0 || formatAddress(address) !== address.host || word.includes(":"))
    return { kind: "server" };
  const host = plainHost(address.host);
  if (visited.some((other) => plainHost(other.host) === host)) return { kind: "server" };
  return { kind: (await find(address.host)) ? "server" : "unknown" };
}

/** Whether the system's resolver knows a name; one that takes longer than `patience`, in milliseconds, doesn't. Never rejects. */
export async function isKnownToSystem(
  host: string,
  {
    ask = lookup,
    patience = PATIENCE,
  }: { readonly ask?: (host: string) => Promise<unknown>; readonly patience?: number } = {},
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), patience);
  ask(host).then(
    () => resolve(true),
    () => resolve(false),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** A name is the same in any case, and with the dot of the root behind it. */
function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}
