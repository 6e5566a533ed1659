import { clean } from "./clean.ts";
import { type Composer, inserted } from "./composer.ts";

/** Typed text at the cursor. What is typed in one go, up to a blank, is undone in one go. */
export function typed(composer: Composer, text: string): Composer {
  const typing = clean(text);
  if (typing === "") return composer;
  const next = inserted(composer, typing);
  const goesOn = composer.last.kind === "typed" && !/\s/.test(composer.text.charAt(composer.cursor - 1));
  return { ...next, past: goesOn ? composer.past : next.past, last: { kind: "typed" } };
}
