import { whoKey } from "../../mls/identity/who.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { Owner, Place } from "../../wire/frames/values.ts";
import { EVERYONE, isSameOwner } from "../delivery/places.ts";

/** A group isn't what the server says that it is. */
export class MisplacedGroup extends Error {
  override readonly name = "MisplacedGroup";
}

/**
 * Why a group with this policy isn't what a place promises, or null. The server says what a group stands for and could lie; its policy
 * is agreed between its members. A direct one is `listed`, with exactly its two; `#everyone` is open, and no room
 * is called so.
 */
export function misfitOf(policy: RoomPolicy, place: Place, own: Owner): string | null {
  switch (place.kind) {
    case "everyone":
      return policy.access === "open" ? null : "#everyone that isn't open";
    case "room":
      if (place.name.toLowerCase() === EVERYONE) return "a room that would be taken for #everyone";
      return policy.access === "listed" ? `a direct conversation that is called #${place.name}` : null;
    case "direct":
      return isForTwo(policy, place.between, own) ? null : "a direct conversation that isn't for the two of you alone";
  }
}

function isForTwo({ access, listed }: RoomPolicy, between: readonly Owner[], own: Owner): boolean {
  const promised = keysOf(between);
  const present = keysOf(listed);
  const isSame = promised.size === present.size && [...promised].every((key) => present.has(key));
  return access === "listed" && isSame && between.some((one) => isSameOwner(one, own));
}

function keysOf(owners: readonly Owner[]): ReadonlySet<string> {
  return new Set(owners.map((owner) => whoKey({ server: new Uint8Array(), ...owner })));
}
