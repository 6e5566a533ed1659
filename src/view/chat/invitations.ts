import { visibleLine, visibleName } from "../../text/visible.ts";
import type { Conversation as Talk, ConversationId } from "../../client/index.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

interface Invitation {
  readonly title: string;
  readonly from: string;
}

/** Rooms that one line names. */
const MOST_NAMED = 5;

/**
 * Whoever looks at another conversation hears where somebody has brought them: one line, which grows while nothing else comes there, so that
 * whoever invites again and again has no more of the screen than that.
 */
export class Invitations {
  readonly #store: SnapshotStore;
  #said: {
    readonly id: ConversationId;
    readonly key: number;
    readonly named: readonly Invitation[];
    readonly count: number;
  } | null = null;

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  came({ id, title }: Pick<Talk, "id" | "title">, from: string): void {
    const { current } = this.#store.getSnapshot();
    // There it is a line of its own.
    if (current.id === id) return;
    const said = this.#said;
    const isLast = said !== null && said.id === current.id && current.entries.at(-1)?.key === said.key;
    if (isLast) this.#store.takeBack(said.id, said.key);
    const before = isLast ? said : { named: [], count: 0 };
    const named = [...before.named, { title, from }].slice(0, MOST_NAMED);
    const count = before.count + 1;
    this.#said = { id: current.id, key: this.#store.note(inWords(named, count)), named, count };
  }
}

function inWords(named: readonly Invitation[], count: number): string {
  const [first] = named;
  if (first !== undefined && count === 1) {
    const room = visibleLine(first.title);
    return `${visibleName(first.from)} has brought you into ${room}: /to ${room} opens it.`;
  }
  const rooms = named.map(({ title, from }) => `${visibleLine(title)} (${visibleName(from)})`).join(", ");
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  return `You have been brought into ${rooms}${more}: /to and a room's name opens it, /rooms lists them.`;
}
