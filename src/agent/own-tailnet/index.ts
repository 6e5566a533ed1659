/**
 * `agent/own-tailnet`: what this machine's own tailscaled says of the people that a server names: the one source that the server has no
 * hand in. It knows no server and no key: that somebody is in the tailnet doesn't say that a key is theirs.
 */

import { createLocalApi } from "../../tailnet/local-api/client.ts";
import { findEndpoints } from "../../tailnet/local-api/endpoint.ts";
import type { OwnTailnet } from "../chat/own-tailnet.ts";
import { ownTailnet } from "./own-tailnet.ts";

/** Milliseconds for an answer: a message may wait for it. */
const TIMEOUT = 2_000;

/** Of this machine's tailscaled, wherever it is; `socket` where the environment names it. */
export function thisMachinesTailnet(socket: string | null): OwnTailnet {
  return ownTailnet({ api: createLocalApi({ find: () => findEndpoints(socket), statusTimeout: TIMEOUT }) });
}
