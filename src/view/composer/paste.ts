import { clean } from "./clean.ts";
import { type Asking, type Composer, inserted, PLAIN } from "./composer.ts";
import type { Input, Pressed } from "./input.ts";

/**
 * A paste. The line end after the last line is a habit of copying and dropped. One line goes in; of several, a person is
 * asked first where that is set.
 */
export function pasted(composer: Composer, text: string, ask: boolean): Composer {
  const paste = withoutLineEnds(clean(text));
  const lines = paste.split("\n").length;
  if (ask && lines > 1) return { ...composer, mode: { kind: "asking", paste, lines } };
  return insertPaste(composer, paste);
}

/** Inserts a paste. Several lines at the very start make the whole text no command: `/etc/hosts`, copied, is none. */
function insertPaste(composer: Composer, paste: string): Composer {
  if (paste === "") return composer;
  const next = inserted(composer, paste);
  return { ...next, pasted: next.pasted || (composer.cursor === 0 && paste.includes("\n")) };
}

/** An answer to whether to insert a paste: yes, no, or not yet. What only concerns the screen goes on meanwhile. */
export function answered(composer: Composer, asking: Asking, input: Input): Pressed {
  switch (input.kind) {
    case "type":
    case "edit": {
      const answer = answerOf(input.kind === "type" ? input.text : input.edit);
      if (answer === null) return { composer, effect: null };
      const plain: Composer = { ...composer, mode: PLAIN };
      return { composer: answer ? insertPaste(plain, asking.paste) : plain, effect: null };
    }
    case "back":
    case "interrupt":
      return { composer: { ...composer, mode: PLAIN }, effect: null };
    case "paste":
      // One question at a time; the paste can be made again.
      return { composer, effect: null };
    default:
      return { composer, effect: input };
  }
}

function answerOf(said: string): boolean | null {
  // Enter is none: it is what one presses without having read the question.
  if (said === "y" || said === "Y") return true;
  return ["n", "N", "cancel"].includes(said) ? false : null;
}

/** Looked at from the end: a pattern for it would try each line break of a long text anew. */
function withoutLineEnds(text: string): string {
  let end = text.length;
  while (text.charAt(end - 1) === "\n") end -= 1;
  return text.slice(0, end);
}
