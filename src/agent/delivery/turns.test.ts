import { expect, test } from "vitest";
import type { FramesClient, FramesEvent } from "../../client/frames/index.ts";
import { turnsOver } from "./turns.ts";

const group = "A".repeat(22);

/** A client whose server lets everybody wait. */
function client() {
  const asked: string[] = [];
  const listeners: ((event: FramesEvent) => void)[] = [];
  const frames = {
    onEvent: (listener: (event: FramesEvent) => void) => listeners.push(listener),
    request: async (type: string) => {
      asked.push(type);
      return await Promise.resolve({ kind: "answered", value: { granted: false } });
    },
  };
  const push = (type: "turn" | "joiners") => {
    const body = type === "turn" ? { type, group } : { type, group, devices: [] };
    for (const listener of listeners) listener({ kind: "push", push: body });
  };
  // What isn't asked here needs no answer; nobody waits by the clock.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const turns = turnsOver(frames as unknown as FramesClient, {
    now: () => 0,
    random: () => 0,
    randomBytes: (length) => new Uint8Array(length),
    wait: async () => await new Promise(() => {}),
  });
  return { asked, push, turns };
}

test("SR-65 a turn that comes to a device which doesn't want it any more is given up at once, and one that is wanted isn't", async () => {
  const { asked, push, turns } = client();
  const taken = turns.take(group, false);
  push("turn");
  expect(await taken).toBe("turn");
  expect(asked).toEqual(["ask-turn"]);
  push("turn");
  expect(asked).toEqual(["ask-turn", "give-up-turn"]);
});

test("SR-65 a member that gets the turn to add others isn't kept from that by a commit of its own that waits for it", async () => {
  const { push, turns } = client();
  const taken = turns.take(group, false);
  push("joiners");
  expect(await taken).toBe("turn");
});
