import { classicDirect, isSameName, OPEN_ROOM, OPEN_ROOM_NAME } from "../../client/index.ts";
import { type Composer, newComposer } from "./composer.ts";
import type { Histories } from "./history-file.ts";

/** The composers of all conversations, by their ids. What was cut in one can be put back in another. */
export interface Composers {
  readonly kills: readonly string[];
  readonly byId: ReadonlyMap<string, Composer>;
}

/** Composers with the histories that earlier runs left, as `decodeHistory` gives them. */
export function newComposers(histories: Histories = new Map()): Composers {
  return { kills: [], byId: new Map([...histories].map(([id, history]) => [idOf(id), newComposer(history)])) };
}

/** A conversation's composer as it was left: its draft, its cursor, its history. */
export function composerOf({ kills, byId }: Composers, conversation: string): Composer {
  return { ...(byId.get(conversation) ?? newComposer()), kills };
}

export function withComposer(composers: Composers, conversation: string, composer: Composer): Composers {
  return { kills: composer.kills, byId: new Map(composers.byId).set(conversation, composer) };
}

/** Files once had names in place of ids: of the open room, and of people. No name has a colon in it, and every id does. */
function idOf(conversation: string): string {
  if (conversation.includes(":")) return conversation;
  return isSameName(conversation, OPEN_ROOM_NAME) ? OPEN_ROOM.id : classicDirect(conversation).id;
}
