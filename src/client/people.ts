/** Whether somebody can be talked to now. The classic protocol knows only who is online. */
type Presence = "online" | "away" | "offline";

/** Somebody who can be written to. */
export interface Person {
  readonly name: string;
  readonly presence: Presence;
}

/** Names are the same without regard to case. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
