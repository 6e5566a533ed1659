import { emptyMap, get, put, valuesOf, without, type PersistentMap } from "./persistent-map.ts";

/** Many members under each key. A key without members is not in it. */
export type Index<M extends string | number> = PersistentMap<string, PersistentMap<M, M>>;

export function indexOf<M extends string | number>(pairs: Iterable<readonly [key: string, member: M]>): Index<M> {
  let index: Index<M> = emptyMap();
  for (const [key, member] of pairs) index = putUnder(index, key, member);
  return index;
}

export function putUnder<M extends string | number>(index: Index<M>, key: string, member: M): Index<M> {
  return put(index, key, put(get(index, key) ?? emptyMap<M, M>(), member, member));
}

export function withoutUnder<M extends string | number>(index: Index<M>, key: string, member: M): Index<M> {
  const members = get(index, key);
  if (members === undefined) return index;
  const left = without(members, member);
  return left.size === 0 ? without(index, key) : put(index, key, left);
}

/** How many members a key has. */
export function countUnder<M extends string | number>(index: Index<M>, key: string): number {
  return get(index, key)?.size ?? 0;
}

/** In no order to rely on. */
export function membersUnder<M extends string | number>(index: Index<M>, key: string): M[] {
  const members = get(index, key);
  return members === undefined ? [] : valuesOf(members);
}
