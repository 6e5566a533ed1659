/** How many lines of a conversation are kept. */
export const MAX_HISTORY = 1000;

/** A history with one line more, bounded; the same line twice in a row is kept once, and a blank one not at all. */
export function remember(history: readonly string[], line: string): readonly string[] {
  return isNews(history, line) ? [...history, line].slice(-MAX_HISTORY) : history;
}

/** Whether a line is worth keeping behind these. */
export function isNews(history: readonly string[], line: string): boolean {
  return line.trim() !== "" && line !== history.at(-1);
}
