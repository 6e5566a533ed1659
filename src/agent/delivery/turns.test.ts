import { expect, test } from "vitest";
import type { FramesClient, FramesEvent } from "../../client/frames/index.ts";
import { turnsOver } from "./turns.ts";

const group = "A".repeat(22);

const WAIT: { readonly kind: string; readonly value?: { readonly granted: boolean } } = {
  kind: "answered",
  value: { granted: false },
};

async function forever(_milliseconds: number): Promise<void> {
  await new Promise(() => {});
}

/** A client whose server lets everybody wait, if it doesn't answer otherwise. */
function client({ answer = WAIT, wait = forever } = {}) {
  const asked: string[] = [];
  const listeners: ((event: FramesEvent) => void)[] = [];
  const frames = {
    onEvent: (listener: (event: FramesEvent) => void) => listeners.push(listener),
    request: async (type: string) => {
      asked.push(type);
      return await Promise.resolve(answer);
    },
  };
  const tell = (event: FramesEvent) => {
    for (const listener of listeners) listener(event);
  };
  const push = (type: "turn" | "joiners") =>
    tell({ kind: "push", push: type === "turn" ? { type, group } : { type, group, devices: [] } });
  /** What is told of a group, as far as it is looked at here. */
  const told = (of: string, welcome: boolean) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    tell({ kind: "push", push: { type: "group", group: { group: of, welcome } } } as FramesEvent);
  // What isn't asked here needs no answer; nobody waits by the clock.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const turns = turnsOver(frames as unknown as FramesClient, {
    now: () => 0,
    random: () => 0,
    randomBytes: (length) => new Uint8Array(length),
    wait,
  });
  return { asked, push, tell, told, turns };
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

test("GR-60 a device that wants in is added where a Welcome for that group waits for it, and a member that wants its turn isn't", async () => {
  const { push, told, turns } = client();
  const [wantsIn, wantsTurn] = [turns.take(group, true), turns.take(group, false)];
  told("B".repeat(22), true);
  told(group, false);
  told(group, true);
  expect(await wantsIn).toBe("added");
  push("turn");
  expect(await wantsTurn).toBe("turn");
});

test("SR-65 nobody waits for a turn that is granted at once, isn't answered, is over with the connection, or takes a minute", async () => {
  for (const answer of [{ kind: "answered", value: { granted: true } }, { kind: "not-sent" }])
    expect(await client({ answer }).turns.take(group, false)).toBe("turn");
  const { tell, turns } = client();
  const taken = turns.take(group, false);
  tell({ kind: "state", state: { kind: "connecting", attempt: 1 } });
  expect(await taken).toBe("turn");
  const waited: number[] = [];
  const late = client({
    wait: async (milliseconds: number) => void (await Promise.resolve(waited.push(milliseconds))),
  });
  expect(await late.turns.take(group, false)).toBe("turn");
  expect(waited).toEqual([60_000]);
});
