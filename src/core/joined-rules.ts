import type { Domain, Rules, Verdict } from "./rules.ts";

/** Two sets of rules in one mailbox: one order of commands, one commit for what both have decided. */
export interface Joined<A extends Domain, B extends Domain> {
  readonly state: { readonly first: A["state"]; readonly second: B["state"] };
  readonly command:
    | { readonly of: "first"; readonly command: A["command"] }
    | { readonly of: "second"; readonly command: B["command"] };
  readonly event:
    | { readonly of: "first"; readonly event: A["event"] }
    | { readonly of: "second"; readonly event: B["event"] };
  readonly fact: A["fact"] | B["fact"];
  readonly refusal: A["refusal"] | B["refusal"];
  /** As they are, so that what is the same for many stays one object: their kinds must differ. */
  readonly notice: A["notice"] | B["notice"];
}

export interface Joint<A extends Domain, B extends Domain> {
  readonly isSecondFact: (fact: A["fact"] | B["fact"]) => fact is B["fact"];
  /** What an event of the first leads to in the second, in the same turn: a session that ends takes its device along. */
  readonly follow: (event: A["event"], second: B["state"]) => readonly B["event"][];
}

export function joinRules<A extends Domain, B extends Domain>(
  first: Rules<A>,
  second: Rules<B>,
  { isSecondFact, follow }: Joint<A, B>,
): Rules<Joined<A, B>> {
  type J = Joined<A, B>;

  function decide(state: J["state"], asked: J["command"], at: number, readings: Parameters<Rules<A>["decide"]>[3]) {
    return asked.of === "first"
      ? taggedFirst(first.decide(state.first, asked.command, at, readings), state.second)
      : taggedSecond(second.decide(state.second, asked.command, at, readings));
  }

  function taggedFirst(verdict: Verdict<A>, before: B["state"]): Verdict<J> {
    if (verdict.kind !== "done") return verdict;
    const events: J["event"][] = [];
    let after = before;
    for (const event of verdict.events) {
      events.push({ of: "first", event });
      for (const following of follow(event, after)) {
        events.push({ of: "second", event: following });
        after = second.apply(after, following);
      }
    }
    return { kind: "done", events };
  }

  function taggedSecond(verdict: Verdict<B>): Verdict<J> {
    if (verdict.kind !== "done") return verdict;
    return { kind: "done", events: verdict.events.map((event) => ({ of: "second" as const, event })) };
  }

  return {
    decide,
    classOf: (asked) => (asked.of === "first" ? first.classOf(asked.command) : second.classOf(asked.command)),
    sessionOf: (asked) => (asked.of === "first" ? first.sessionOf(asked.command) : second.sessionOf(asked.command)),
    sizeOf: (asked) => (asked.of === "first" ? first.sizeOf(asked.command) : second.sizeOf(asked.command)),
    apply: (state, { of, event }) =>
      of === "first"
        ? { ...state, first: first.apply(state.first, event) }
        : { ...state, second: second.apply(state.second, event) },
    deliveriesOf: (before, { of, event }) =>
      of === "first" ? first.deliveriesOf(before.first, event) : second.deliveriesOf(before.second, event),
    storedBy: ({ of, event }) => (of === "first" ? first.storedBy(event) : second.storedBy(event)),
    lazyKeyOf: (fact) => (isSecondFact(fact) ? `second ${second.lazyKeyOf(fact)}` : `first ${first.lazyKeyOf(fact)}`),
    refusedNotice: (asked, refusal) =>
      asked.of === "first" ? first.refusedNotice(asked.command, refusal) : second.refusedNotice(asked.command, refusal),
    storageFailed: first.storageFailed,
    busy: first.busy,
  };
}
