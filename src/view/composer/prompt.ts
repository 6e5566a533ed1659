import type { Composer } from "./composer.ts";

/** What to tell a person of a composer's mode, one line: the question it asks, the search it makes. Null: nothing. */
export function promptOf({ mode }: Composer): string | null {
  switch (mode.kind) {
    case "asking":
      // Short enough for the narrowest terminal: the answers must be in sight.
      return `Insert ${mode.lines} lines as one message? y/n`;
    case "search":
      return `${mode.failed ? "nothing older with" : "search"}: ${mode.query}`;
    case "plain":
    case "completing":
      return null;
  }
}
