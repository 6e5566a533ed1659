import { setTimeout as delay } from "node:timers/promises";
import { connect, type ConnectOptions, type PadClient } from "../client/classic/index.ts";
import type { ConnectionEnd } from "../client/index.ts";

/** A client that is online, or why there is none. */
export type Entry = { readonly client: PadClient } | { readonly cause: ConnectionEnd };

export interface Entering extends Omit<ConnectOptions, "id"> {
  /** In order of preference. */
  readonly ids: readonly [string, ...string[]];
  /** Milliseconds to wait for one of them to become free. */
  readonly timeout: number;
  /** Milliseconds between two rounds, at most. Default 250. */
  readonly pause?: number;
  /** Called with each client before anything is heard on it. */
  readonly made?: (client: PadClient) => void;
  /** Called once, when all names are taken and will be asked for again. */
  readonly waiting?: () => void;
}

const PAUSE = 250;

/**
 * Comes in under the first of the names that nobody bears. When all are taken it waits and asks again, until `timeout` is
 * over: whoever bears a script's name is most likely a script, and soon gone. Taken means in use, or another's for good.
 */
export async function enter(entering: Entering): Promise<Entry> {
  const { ids, timeout, pause = PAUSE, signal, waiting } = entering;
  const giveUpAt = performance.now() + timeout;
  for (let round = 0; ; round += 1) {
    const entry = await enterOnce(ids, entering);
    if ("client" in entry || !isInUse(entry.cause) || performance.now() >= giveUpAt) return entry;
    if (round === 0) waiting?.();
    // Spread at random, so that scripts started together don't keep in step. Aborted, it rejects at once, and that the
    // name is taken is still the reason.
    await delay(Math.random() * pause, undefined, { ...(signal && { signal }) }).catch(() => {});
    if (signal?.aborted === true) return entry;
  }
}

async function enterOnce([id, ...others]: Entering["ids"], entering: Entering): Promise<Entry> {
  const { ids: _, timeout: __, made, ...options } = entering;
  const client = connect({ ...options, id });
  made?.(client);
  const state = await client.online();
  if (state.kind === "online") return { client };
  const [next, ...rest] = others;
  return next !== undefined && isTaken(state.cause) ? enterOnce([next, ...rest], entering) : { cause: state.cause };
}

/** For now, or for good: a name with a key stays its device's, however long one waits. */
function isInUse(cause: ConnectionEnd): boolean {
  return cause.kind === "refused" && cause.error.reason === "name-taken";
}

function isTaken(cause: ConnectionEnd): boolean {
  return cause.kind === "refused" && (cause.error.reason === "name-taken" || cause.error.reason === "name-has-key");
}
