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

type Node<K, V> = Bucket<K, V> | Branch<K, V>;
/** The value of a key stands at the key's place: an array of its own for each entry would take as much memory as all the rest. */
interface Bucket<K, V> {
  readonly keys: readonly K[];
  readonly values: readonly V[];
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

export function mapOf<K extends string | number, V>(
  entries: Iterable<readonly [key: K, value: V]>,
): PersistentMap<K, V> {
  let map = emptyMap<K, V>();
  for (const [key, value] of entries) map = put(map, key, value);
  return map;
}

export function get<K extends string | number, V>(map: PersistentMap<K, V>, key: K): V | undefined {
  let node = map.root;
  for (let hash = hashOf(key); node !== null; hash >>>= BITS) {
    if ("keys" in node) {
      const at = placeOf(node.keys, key);
      return at === -1 ? undefined : node.values[at];
    }
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
  if (node === null) return { keys: [key], values: [value] };
  if ("children" in node) {
    const at = hash % WIDTH;
    return {
      children: node.children.with(at, putInto(node.children[at] ?? null, key, value, hash >>> BITS, level + 1)),
    };
  }
  const at = placeOf(node.keys, key);
  if (at !== -1) return { keys: node.keys, values: node.values.with(at, value) };
  // Not by spreading: that leaves room for more, in arrays that never grow.
  const bucket = { keys: node.keys.concat([key]), values: node.values.concat([value]) };
  return bucket.keys.length <= BUCKET_SIZE || level > LAST_LEVEL ? bucket : split(bucket, level);
}

/** A full bucket becomes a branch; `level` says how many bits of each hash are used up already. */
function split<K extends string | number, V>({ keys, values }: Bucket<K, V>, level: number): Branch<K, V> {
  const children: (Node<K, V> | null)[] = Array.from({ length: WIDTH }, () => null);
  values.forEach((value, i) => {
    const key = keys[i];
    if (key === undefined) return;
    const hash = hashOf(key) >>> (BITS * level);
    const at = hash % WIDTH;
    children[at] = putInto(children[at] ?? null, key, value, hash >>> BITS, level + 1);
  });
  return { children };
}

function removeFrom<K extends string | number, V>(node: Node<K, V>, key: K, hash: number): Node<K, V> | null {
  if ("keys" in node) {
    const at = placeOf(node.keys, key);
    if (at === -1) return node;
    return node.keys.length === 1 ? null : { keys: node.keys.toSpliced(at, 1), values: node.values.toSpliced(at, 1) };
  }
  const at = hash % WIDTH;
  const child = node.children[at] ?? null;
  if (child === null) return node;
  const children = node.children.with(at, removeFrom(child, key, hash >>> BITS));
  return children.every((other) => other === null) ? null : { children };
}

function visitAll<K extends string | number, V>(node: Node<K, V>, visit: (value: V, key: K) => void): void {
  if ("children" in node) {
    for (const child of node.children) if (child !== null) visitAll(child, visit);
    return;
  }
  node.values.forEach((value, i) => {
    const key = node.keys[i];
    if (key !== undefined) visit(value, key);
  });
}

/** -1: not there. `indexOf` takes three times as long with so few. */
function placeOf<K>(keys: readonly K[], key: K): number {
  for (let at = 0; at < keys.length; at++) if (keys[at] === key) return at;
  return -1;
}

/** Session numbers count up, which spreads them by itself; strings take FNV-1a. */
function hashOf(key: string | number): number {
  if (typeof key === "number") return key >>> 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
