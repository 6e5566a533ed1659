import { type Composer, newComposer } from "./composer.ts";

/** The composers of all conversations. What was cut in one can be put back in another. */
export interface Composers {
  readonly kills: readonly string[];
  readonly byId: ReadonlyMap<string, Composer>;
}

/** Composers with the histories that earlier runs left, as `decodeHistory` gives them. */
export function newComposers(histories: ReadonlyMap<string, readonly string[]> = new Map()): Composers {
  return { kills: [], byId: new Map([...histories].map(([id, history]) => [idOf(id), newComposer(history)])) };
}

/** A conversation's composer as it was left: its draft, its cursor, its history. */
export function composerOf({ kills, byId }: Composers, conversation: string): Composer {
  return { ...(byId.get(idOf(conversation)) ?? newComposer()), kills };
}

export function withComposer(composers: Composers, conversation: string, composer: Composer): Composers {
  return { kills: composer.kills, byId: new Map(composers.byId).set(idOf(conversation), composer) };
}

/** A name is the same in any case, and a conversation is called as its other side last wrote itself. */
function idOf(conversation: string): string {
  return conversation.toLowerCase();
}
