import type { Asking, Composer } from "./composer.ts";
import { PLAIN } from "./composer.ts";
import { insertPaste } from "./paste.ts";
import type { Input, Pressed } from "./input.ts";

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
  if (["y", "Y", "submit"].includes(said)) return true;
  return ["n", "N", "cancel"].includes(said) ? false : null;
}
