import { idOf } from "../../client/conversation.ts";
import type { Conversation, Quote } from "../../client/index.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { Hold } from "../group-sessions/events.ts";
import type { Person } from "../group-sessions/person.ts";
import type { GroupFacts, GroupStatus, StopCause } from "../storage/kept.ts";
import type { Names } from "./names.ts";

/** A message of one's own that waits, oldest first in its talk. */
export interface Waiting {
  /** In base64url. */
  readonly id: string;
  readonly messageId: Uint8Array;
  /** Null for an edit or deletion, which shows nothing while it waits. */
  readonly text: string | null;
  readonly quote: Quote | null;
  readonly at: number;
}

/** A sealed conversation, as far as it is known without opening its group. */
export interface Talk {
  /** Under which the store has it. */
  readonly key: string;
  readonly kind: "sealed-room" | "sealed-direct";
  /** `none`: this device was never in it. */
  status: GroupStatus | "none";
  /** Why it is stopped. `rolled-back`: this device has taken another's place, and waits to be brought back. */
  stopped: StopCause | null;
  /** The group that it goes on in. */
  group: Uint8Array | null;
  access: GroupFacts["access"];
  /** Who can read what is written now (`whoKey`). */
  readers: readonly string[];
  members: readonly Person[];
  /** Up to which number of the group's log everybody else has it. */
  reached: number;
  waiting: Waiting[];
  holds: readonly Hold[];
  /** As it was last told, to tell it again only when it has changed. */
  told: string | null;
  /** Why the server has refused to make it; null: it hasn't, or it is there. */
  notMade: string | null;
}

export function newTalk(key: string): Talk {
  const kind = key.startsWith("direct:") ? "sealed-direct" : "sealed-room";
  const access = key === EVERYONE ? "open" : kind === "sealed-direct" ? "listed" : "invite";
  return {
    key,
    kind,
    status: "none",
    stopped: null,
    group: null,
    access,
    readers: [],
    members: [],
    reached: 0,
    waiting: [],
    holds: [],
    told: null,
    notMade: null,
  };
}

export function conversationOfTalk(talk: Talk, names: Names, server: string): Conversation {
  const id = idOf(talk.kind, talk.key);
  const readers = names.all(talk.readers).toSorted((one, other) => ORDER.compare(one, other));
  if (talk.kind === "sealed-direct") return { id, kind: talk.kind, title: otherOf(talk, names, server), readers };
  return { id, kind: talk.kind, title: titleOf(talk.key), open: talk.access === "open", readers };
}

const ORDER = new Intl.Collator("en", { sensitivity: "base" });

/** `#everyone`, `#ops`. */
export function titleOf(key: string): string {
  return key === EVERYONE ? "#everyone" : `#${key.slice(key.indexOf(":") + 1)}`;
}

/** `direct:kind:identity` names the other one, of this server. */
export function otherWho({ key }: Talk, server: string): string {
  return `${server}:${key.slice("direct:".length)}`;
}

function otherOf(talk: Talk, names: Names, server: string): string {
  return names.nameOf(otherWho(talk, server));
}

/** Whether something can be written, now or when the server is there. */
export function isGoingOn({ status }: Talk): boolean {
  return status === "active" || status === "joining";
}
