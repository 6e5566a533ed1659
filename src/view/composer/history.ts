const MAX_HISTORY = 1000;

/** A history with one line more, bounded; the same line twice in a row is kept once, and a blank one not at all. */
export function remember(history: readonly string[], line: string): readonly string[] {
  if (line.trim() === "" || line === history.at(-1)) return history;
  return [...history, line].slice(-MAX_HISTORY);
}
