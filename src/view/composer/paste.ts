import { clean } from "./clean.ts";
import { type Composer, inserted } from "./composer.ts";

/**
 * A paste. The line end behind the last line is a habit of copying and dropped. One line goes in; of several, a person is
 * asked first where that is set.
 */
export function pasted(composer: Composer, text: string, ask: boolean): Composer {
  const paste = withoutLineEnds(clean(text));
  const lines = paste.split("\n").length;
  if (ask && lines > 1) return { ...composer, mode: { kind: "asking", paste, lines } };
  return insertPaste(composer, paste);
}

/** Inserts a paste. Several lines at the very start make the whole text no command: `/etc/hosts`, copied, is none. */
export function insertPaste(composer: Composer, paste: string): Composer {
  if (paste === "") return composer;
  const next = inserted(composer, paste);
  return { ...next, pasted: next.pasted || (composer.cursor === 0 && paste.includes("\n")) };
}

/** Looked at from the end: a pattern for it would try each line break of a long text anew. */
function withoutLineEnds(text: string): string {
  let end = text.length;
  while (text.charAt(end - 1) === "\n") end -= 1;
  return text.slice(0, end);
}
