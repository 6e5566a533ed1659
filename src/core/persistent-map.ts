/**
 * A map that never changes: `put` and `without` give a new map that shares all but a few small nodes with the old one.
 * State is kept in these because a turn that fails must be dropped whole, and copying a Map of 10,000 sessions for
 * each that comes or goes would make joining quadratic.
 *
 * A trie over a 32-bit hash of the key, five bits a level; keys whose hashes agree share a bucket at the last level.
 */
export interface PersistentMap<K extends string | number, V> {
  readonly size: number;
  readonly root: Node<K, V> | null;
}

type Entry<K, V> = readonly [key: K, value: V];
type Node<K, V> = Bucket<K, V> | Branch<K, V>;
interface Bucket<K, V> {
  readonly entries: readonly Entry<K, V>[];
}
interface Branch<K, V> {
  readonly children: readonly (Node<K, V> | null)[];
}

const BITS = 5;
const WIDTH = 1 << BITS;
const LAST_LEVEL = 6;
const BUCKET_SIZE = 8;

export function emptyMap<K extends string | number, V>(): PersistentMap<K, V> {
  return { size: 0, root: null };
}

export function mapOf<K extends string | number, V>(entries: Iterable<Entry<K, V>>): PersistentMap<K, V> {
  let map = emptyMap<K, V>();
  for (const [key, value] of entries) map = put(map, key, value);
  return map;
}

export function get<K extends string | number, V>(map: PersistentMap<K, V>, key: K): V | undefined {
  let node = map.root;
  for (let hash = hashOf(key); node !== null; hash >>>= BITS) {
    if ("entries" in node) return node.entries.find(([other]) => other === key)?.[1];
    node = node.children[hash % WIDTH] ?? null;
  }
  return undefined;
}

export function put<K extends string | number, V>(map: PersistentMap<K, V>, key: K, value: V): PersistentMap<K, V> {
  const size = get(map, key) === undefined ? map.size + 1 : map.size;
  return { size, root: putInto(map.root, key, value, hashOf(key), 0) };
}

/** The map without the key; the same map when the key isn't in it. */
export function without<K extends string | number, V>(map: PersistentMap<K, V>, key: K): PersistentMap<K, V> {
  if (get(map, key) === undefined) return map;
  return { size: map.size - 1, root: map.root === null ? null : removeFrom(map.root, key, hashOf(key)) };
}

/** Calls `visit` with each entry once, in no order to rely on. */
export function forEach<K extends string | number, V>(
  map: PersistentMap<K, V>,
  visit: (value: V, key: K) => void,
): void {
  if (map.root !== null) visitAll(map.root, visit);
}

export function valuesOf<K extends string | number, V>(map: PersistentMap<K, V>): V[] {
  const values: V[] = [];
  forEach(map, (value) => values.push(value));
  return values;
}

function putInto<K extends string | number, V>(
  node: Node<K, V> | null,
  key: K,
  value: V,
  hash: number,
  level: number,
): Node<K, V> {
  if (node === null) return { entries: [[key, value]] };
  if ("children" in node) {
    const at = hash % WIDTH;
    return {
      children: node.children.with(at, putInto(node.children[at] ?? null, key, value, hash >>> BITS, level + 1)),
    };
  }
  const entries = [...node.entries.filter(([other]) => other !== key), [key, value] as const];
  if (entries.length <= BUCKET_SIZE || level > LAST_LEVEL) return { entries };
  return split(entries, level);
}

/** A full bucket becomes a branch; `level` says how many bits of each hash are used up already. */
function split<K extends string | number, V>(entries: readonly Entry<K, V>[], level: number): Branch<K, V> {
  const children: (Node<K, V> | null)[] = Array.from({ length: WIDTH }, () => null);
  for (const [key, value] of entries) {
    const hash = hashOf(key) >>> (BITS * level);
    const at = hash % WIDTH;
    children[at] = putInto(children[at] ?? null, key, value, hash >>> BITS, level + 1);
  }
  return { children };
}

function removeFrom<K extends string | number, V>(node: Node<K, V>, key: K, hash: number): Node<K, V> | null {
  if ("entries" in node) {
    const entries = node.entries.filter(([other]) => other !== key);
    return entries.length === 0 ? null : { entries };
  }
  const at = hash % WIDTH;
  const child = node.children[at] ?? null;
  if (child === null) return node;
  const children = node.children.with(at, removeFrom(child, key, hash >>> BITS));
  return children.every((other) => other === null) ? null : { children };
}

function visitAll<K extends string | number, V>(node: Node<K, V>, visit: (value: V, key: K) => void): void {
  if ("entries" in node) for (const [key, value] of node.entries) visit(value, key);
  else for (const child of node.children) if (child !== null) visitAll(child, visit);
}

/** Session numbers count up, which spreads them by itself; strings take FNV-1a. */
function hashOf(key: string | number): number {
  if (typeof key === "number") return key >>> 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
