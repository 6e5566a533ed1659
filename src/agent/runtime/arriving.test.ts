import { expect, test } from "vitest";
import { endGone } from "./arriving.ts";
import type { Entrance } from "./entrance.ts";

test.each([
  ["is there", [{ group: "g", ended: false }], null],
  ["is closed", [{ group: "g", ended: true }], "closed"],
  ["isn't there", [{ group: "other", ended: false }], "log-broken"],
] as const)("SR-71 of a group that %s the session hears what it is to hear", async (_, groups, verdict) => {
  const [ended, woken]: [string[], string[]] = [[], []];
  const session = { end: (given: string) => ended.push(given) };
  const entrance = {
    client: { request: async () => await Promise.resolve({ kind: "answered", value: { groups, more: false } }) },
    groups: { session: () => session, wake: (group: string) => woken.push(group) },
  };
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await endGone(entrance as unknown as Entrance, "g");
  expect([ended, woken]).toEqual(verdict === null ? [[], []] : [[verdict], ["g"]]);
});
