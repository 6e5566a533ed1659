import type { FramesClient } from "../../client/frames/index.ts";
import type { System } from "../group-sessions/ports.ts";

/** Longer than many turns of five seconds one doesn't wait, in milliseconds; then it is tried without. */
const LONGEST = 60_000;

export interface Turns {
  /**
   * `turn`: this device may commit in the group, or there is no use in waiting on. `orAdded`: it wants in, and a member may add it instead:
   * then it is `added`, and has a Welcome.
   */
  take(group: string, orAdded: boolean): Promise<"turn" | "added">;
}

type Waiter = PromiseWithResolvers<"turn" | "added"> & { readonly orAdded: boolean };

/** The right to commit where many want to: asked for before an external join (SEALED.md 14). */
export function turnsOver(client: FramesClient, system: System): Turns {
  const waiting = new Map<string, Set<Waiter>>();
  client.onEvent((event) => {
    if (event.kind === "push" && event.push.type === "turn") {
      const { group } = event.push;
      // It was asked for, and isn't wanted any more: others need not wait until it is over.
      if ((waiting.get(group)?.size ?? 0) === 0) void client.request("give-up-turn", { group });
      else letGo(group);
    }
    // It has the turn, to add those: what it wants to commit itself goes first, and doesn't keep it from that until the turn is over.
    if (event.kind === "push" && event.push.type === "joiners") letGo(event.push.group);
    if (event.kind === "push" && event.push.type === "group" && event.push.group.welcome)
      welcomed(event.push.group.group);
    if (event.kind === "state") for (const group of waiting.keys()) letGo(group);
  });
  return {
    async take(group, orAdded) {
      const waiter: Waiter = { ...Promise.withResolvers<"turn" | "added">(), orAdded };
      const others = waiting.get(group) ?? new Set();
      // Before the question: the push may come with its answer.
      waiting.set(group, others.add(waiter));
      const answer = await client.request("ask-turn", { group, orAdded });
      const isWaiting = answer.kind === "answered" && !answer.value.granted;
      const outcome = isWaiting ? await Promise.race([waiter.promise, system.wait(LONGEST)]) : "turn";
      others.delete(waiter);
      return outcome ?? "turn";
    },
  };

  function letGo(group: string): void {
    const released = waiting.get(group);
    waiting.delete(group);
    for (const { resolve } of released ?? []) resolve("turn");
  }

  function welcomed(group: string): void {
    for (const { orAdded, resolve } of waiting.get(group) ?? []) if (orAdded) resolve("added");
  }
}
