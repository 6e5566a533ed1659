import { cleanLine } from "./clean.ts";
import { changed, type Completing, type Composer } from "./composer.ts";
import { boundaryFrom } from "./graphemes.ts";
import type { Input, PressContext } from "./input.ts";

/** The first candidate in place of what was typed, or the last for Shift-Tab; without candidates nothing changes. */
export function completing(composer: Composer, edit: "complete" | "complete-back", context: PressContext): Composer {
  const { text, cursor } = composer;
  const { length, candidates } = context.complete(text.slice(0, cursor));
  if (candidates.length === 0) return composer;
  return shown({
    kind: "completing",
    candidates: candidates.map(cleanLine),
    chosen: edit === "complete" ? 0 : candidates.length - 1,
    from: boundaryFrom(text, cursor - length),
    before: composer,
  });
}

/** The next candidate, or the one before; what was typed is one of the round. Null: the input ends the completion. */
export function goneOn(completion: Completing, input: Input): Composer | null {
  if (input.kind !== "edit" || (input.edit !== "complete" && input.edit !== "complete-back")) return null;
  const round = completion.candidates.length + 1;
  const step = input.edit === "complete" ? 1 : round - 1;
  return shown({ ...completion, chosen: (completion.chosen + step) % round });
}

/** Always from what was typed: one undo takes the whole completion back. */
function shown(completion: Completing): Composer {
  const { before, candidates, chosen, from } = completion;
  const candidate = candidates[chosen];
  if (candidate === undefined) return { ...before, mode: completion };
  const text = before.text.slice(0, from) + candidate + before.text.slice(before.cursor);
  return { ...changed(before, text, from + candidate.length), mode: completion };
}
