import { identityKey } from "../../core/identity.ts";
import { socketUser } from "../../net/socket-user.ts";
import type { IdentifiedSocket } from "../acceptor.ts";

/**
 * From where a connection comes, as one word, for what is shared out between those who don't know one another: whom the tailnet names; of
 * this machine's own processes the user, where the system tells. It is looked up once, when it is asked for first.
 */
export function sourceOf({ socket, identified }: IdentifiedSocket): () => Promise<string> {
  let source: Promise<string> | null = null;
  return () => (source ??= look());

  async function look(): Promise<string> {
    if (identified.kind === "refused") return "";
    const key = identityKey(identified.identity);
    if (identified.identity.kind !== "local") return key;
    const user = await socketUser(socket);
    return user === null ? key : `${key} ${user}`;
  }
}
