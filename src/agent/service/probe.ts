import { connectFrames } from "../../client/frames/index.ts";
import type { ConnectionEnd } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import type { KnownServer } from "../runtime/introduce.ts";
import type { Reach } from "./ports.ts";

/** What is at an address, and whom it takes us for. */
export type Probed =
  | { readonly kind: "frames"; readonly known: KnownServer }
  /** Somebody answers, and not in frames: an old server, most likely. */
  | { readonly kind: "classic-only" }
  | { readonly kind: "failed"; readonly end: ConnectionEnd };

/** Reads the server's hello, and leaves without having said who we are. Never rejects; takes at most `timeout` milliseconds. */
export async function probe(server: ServerAddress, reach: Reach, timeout = 15_000): Promise<Probed> {
  const heard = Promise.withResolvers<KnownServer>();
  const client = connectFrames({
    ...(await reach(server)),
    server,
    name: null,
    client: "padserve agent",
    reconnect: "never",
    timings: { setUp: timeout },
    device: (hello) => {
      heard.resolve({ server: { id: hello.server.id }, you: { owner: hello.you.owner, label: hello.you.label } });
      // Leaves before anything was said.
      return client.close().then(() => null);
    },
  });
  const known = await Promise.race([heard.promise, client.ended()]);
  if ("you" in known) return { kind: "frames", known };
  return known.kind === "not-padserve" ? { kind: "classic-only" } : { kind: "failed", end: known };
}
