/**
 * The position wanted, or one behind it that nothing stands at, with nothing free just before it. Messages of the same moment stand in one row,
 * without a gap, and that may be a long one: where a server's clock was years ahead once, all that came later. So no row is walked along: of N places
 * that are taken, 2 log2(N) + 2 are asked for at most. It is the next free place wherever those before it are taken without a gap.
 */
export function freePosition(wanted: number, isTaken: (position: number) => boolean): number {
  if (!isTaken(wanted)) return wanted;
  let [taken, step] = [wanted, 1];
  while (isTaken(wanted + step)) {
    taken = wanted + step;
    step *= 2;
  }
  let free = wanted + step;
  while (free - taken > 1) {
    const middle = taken + Math.floor((free - taken) / 2);
    if (isTaken(middle)) taken = middle;
    else free = middle;
  }
  return free;
}
