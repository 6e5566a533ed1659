import { connect } from "../../src/client/classic/index.ts";
import type { ClientEvent, ConnectOptions, PadClient } from "../../src/client/classic/index.ts";

/** A client and all that it tells. */
export interface Recorder {
  readonly client: PadClient;
  readonly events: readonly ClientEvent[];
  /** Resolves with the first event told, before or after the call, that the test accepts. */
  hears(accepts: (event: ClientEvent) => boolean): Promise<ClientEvent>;
  /** Resolves when that state comes for the `count`th time. */
  reaches(state: string, count?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Delays of nothing: back-off is tested where it is computed. */
const QUICK = { firstDelay: 0, longestDelay: 0 };

export function record(options: ConnectOptions): Recorder {
  const client = connect({ ...options, timings: { ...QUICK, ...options.timings } });
  const events: ClientEvent[] = [];
  const waiting = new Set<() => void>();
  client.onEvent((event) => {
    events.push(event);
    for (const look of waiting) look();
  });

  function found<T>(look: () => T | undefined): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const attempt = () => {
      const result = look();
      if (result === undefined) return;
      waiting.delete(attempt);
      resolve(result);
    };
    waiting.add(attempt);
    attempt();
    return promise;
  }

  return {
    client,
    events,
    hears: (accepts) => found(() => events.find(accepts)),
    async reaches(state, count = 1) {
      await found(() => events.filter((event) => event.kind === "state" && event.state.kind === state)[count - 1]);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** A recorder whose client is online. */
export async function online(options: ConnectOptions): Promise<Recorder> {
  const recorder = record(options);
  await recorder.client.online();
  return recorder;
}
