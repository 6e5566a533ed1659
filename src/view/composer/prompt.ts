import type { Composer } from "./composer.ts";

/** What to tell a person of a composer's mode, one line: the question it asks, the search it makes. Null: nothing. */
export function promptOf({ mode }: Composer): string | null {
  switch (mode.kind) {
    case "asking":
      return `Insert these ${mode.lines} lines as one message? y (or Enter): yes, n (or Esc): no`;
    case "search":
      return `${mode.failed ? "nothing older with" : "search"}: ${mode.query}`;
    case "plain":
    case "completing":
      return null;
  }
}
