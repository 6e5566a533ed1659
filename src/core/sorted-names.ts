/** Folded names in their order, as a value: what changes them makes new ones, and shares what is the same. */
export type SortedNames = readonly (readonly string[])[];

/** Names of one piece; a change copies one piece and the list of pieces. */
const MOST = 256;

export function sortedNames(names: Iterable<string>): SortedNames {
  const all = [...new Set(names)].toSorted(compare);
  return Array.from({ length: Math.ceil(all.length / (MOST / 2)) }, (_, i) =>
    all.slice((i * MOST) / 2, ((i + 1) * MOST) / 2),
  );
}

export function withName(names: SortedNames, name: string): SortedNames {
  if (names.length === 0) return [[name]];
  const at = Math.max(0, pieceOf(names, name));
  const piece = names[at] ?? [];
  const place = placeIn(piece, name);
  if (piece[place] === name) return names;
  const grown = piece.toSpliced(place, 0, name);
  const pieces = grown.length > MOST ? [grown.slice(0, MOST / 2), grown.slice(MOST / 2)] : [grown];
  return names.toSpliced(at, 1, ...pieces);
}

export function withoutName(names: SortedNames, name: string): SortedNames {
  const at = pieceOf(names, name);
  const piece = names[at] ?? [];
  const place = placeIn(piece, name);
  if (piece[place] !== name) return names;
  const left = piece.toSpliced(place, 1);
  return left.length === 0 ? names.toSpliced(at, 1) : names.with(at, left);
}

/** At most `limit` names behind `after`, in their order; null: from the first on. */
export function namesAfter(names: SortedNames, after: string | null, limit: number): string[] {
  const found: string[] = [];
  let at = after === null ? 0 : Math.max(0, pieceOf(names, after));
  for (; at < names.length && found.length < limit; at++) {
    const piece = names[at] ?? [];
    const from = after === null ? 0 : placeIn(piece, after);
    const behind = piece[from] === after ? from + 1 : from;
    found.push(...piece.slice(behind, behind + limit - found.length));
  }
  return found;
}

/** The last piece that begins at or before the name; -1: all begin behind it. */
function pieceOf(names: SortedNames, name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(names[middle]?.[0] ?? "", name) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where the name is in a piece, or would be. */
function placeIn(piece: readonly string[], name: string): number {
  let [low, high] = [0, piece.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(piece[middle] ?? "", name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
