import type { Connection } from "./connection.ts";

/** Sets of people, each kept once: who could read a message is the same for most of a conversation. */
export interface ReaderSets {
  /** Makes what isn't there; null for nobody. */
  idOf(who: readonly string[]): number | null;
  /** In no order. Empty for a set that isn't there. */
  whoIn(set: number): readonly string[];
  /** A transaction was rolled back: what was made in it isn't there. */
  forget(): void;
}

/** Sets that are held in memory at most; others are read again. */
const MOST_HELD = 256;

export function readerSets(connection: Connection): ReaderSets {
  const statements = {
    addPerson: connection.prepare("INSERT OR IGNORE INTO people (who) VALUES (?)"),
    person: connection.prepare("SELECT id FROM people WHERE who = ?"),
    who: connection.prepare("SELECT who FROM people WHERE id = ?"),
    addSet: connection.prepare("INSERT OR IGNORE INTO reader_sets (members) VALUES (?)"),
    set: connection.prepare("SELECT id FROM reader_sets WHERE members = ?"),
    members: connection.prepare("SELECT members FROM reader_sets WHERE id = ?"),
  };
  const people = new Map<string, number>();
  const held = new Map<number, readonly string[]>();
  let last: { readonly who: readonly string[]; readonly id: number } | null = null;

  return {
    idOf(who) {
      if (who.length === 0) return null;
      // What is committed together mostly has the very same list.
      if (last?.who === who) return last.id;
      const members = pack([...new Set(who.map(personOf))].toSorted((one, other) => one - other));
      statements.addSet.run(members);
      const id = first(statements.set.get(members));
      last = { who, id };
      return id;
    },
    whoIn(set) {
      const known = held.get(set);
      if (known !== undefined) return known;
      const [members] = Object.values(statements.members.get(set) ?? {});
      const who = members instanceof Uint8Array ? unpack(members).map(nameOf) : [];
      if (held.size >= MOST_HELD) held.clear();
      held.set(set, who);
      return who;
    },
    forget() {
      last = null;
      people.clear();
      held.clear();
    },
  };

  function personOf(who: string): number {
    const known = people.get(who);
    if (known !== undefined) return known;
    statements.addPerson.run(who);
    const id = first(statements.person.get(who));
    people.set(who, id);
    return id;
  }

  function nameOf(person: number): string {
    return String(Object.values(statements.who.get(person) ?? {})[0] ?? "");
  }
}

function first(row: unknown): number {
  return Number(Object.values(row ?? {})[0]);
}

/** Four bytes each. */
function pack(people: readonly number[]): Uint8Array {
  const members = Buffer.alloc(4 * people.length);
  for (const [index, person] of people.entries()) members.writeUInt32BE(person, 4 * index);
  return members;
}

function unpack(members: Uint8Array): readonly number[] {
  const view = new DataView(members.buffer, members.byteOffset, members.byteLength);
  return Array.from({ length: Math.floor(members.length / 4) }, (_, index) => view.getUint32(4 * index));
}
