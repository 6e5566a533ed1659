import type { Owner, Place } from "../../wire/frames/values.ts";

export const EVERYONE = "everyone";

/**
 * Under what a place's history, drafts and outbox are kept; a successor of the group goes on under the same. `own` is whose device
 * this is: a direct conversation is called by the other one.
 */
export function conversationOf(place: Place, own: Owner): string {
  switch (place.kind) {
    case "everyone":
      return EVERYONE;
    case "room":
      return `room:${place.name.toLowerCase()}`;
    case "direct": {
      const [one, other] = place.between;
      const { kind, identity } = isSameOwner(one, own) ? other : one;
      return `direct:${kind}:${identity}`;
    }
  }
}

const KINDS: readonly Owner["kind"][] = ["person", "machine", "address", "name"];

/** The place that `conversationOf` named so; null: none of ours. */
export function placeOf(conversation: string, own: Owner): Place | null {
  if (conversation === EVERYONE) return { kind: "everyone" };
  const [what, ...rest] = conversation.split(":");
  if (what === "room") return { kind: "room", name: rest.join(":") };
  const [named, ...identity] = rest;
  const kind = KINDS.find((known) => known === named);
  if (what !== "direct" || kind === undefined) return null;
  return { kind: "direct", between: [own, { kind, identity: identity.join(":") }] };
}

export function isSameOwner(a: Owner, b: Owner): boolean {
  return a.kind === b.kind && a.identity === b.identity;
}
