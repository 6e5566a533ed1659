import type { FramesClient } from "../../client/frames/index.ts";
import type { System } from "../group-sessions/ports.ts";

/** Longer than many turns of five seconds one doesn't wait, in milliseconds; then it is tried without. */
const LONGEST = 60_000;

export interface Turns {
  /** Resolves when this device may commit in the group, or when there is no use in waiting on. */
  take(group: string): Promise<void>;
}

/** The right to commit where many want to: asked for before an external join (SEALED.md 14). */
export function turnsOver(client: FramesClient, system: System): Turns {
  const waiting = new Map<string, Set<() => void>>();
  client.onEvent((event) => {
    if (event.kind === "push" && event.push.type === "turn") letGo(event.push.group);
    if (event.kind === "state") for (const group of waiting.keys()) letGo(group);
  });
  return {
    async take(group) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const others = waiting.get(group) ?? new Set();
      // Before the question: the push may come with its answer.
      waiting.set(group, others.add(resolve));
      const answer = await client.request("ask-turn", { group });
      if (answer.kind === "answered" && !answer.value.granted) {
        await Promise.race([promise, system.wait(LONGEST)]);
      }
      others.delete(resolve);
    },
  };

  function letGo(group: string): void {
    const released = waiting.get(group);
    waiting.delete(group);
    for (const resolve of released ?? []) resolve();
  }
}
