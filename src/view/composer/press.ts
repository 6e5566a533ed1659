import type { Edit } from "../keys/actions.ts";
import { completing, goneOn } from "./completing.ts";
import { changed, type Composer, OTHER, PLAIN } from "./composer.ts";
import { edited, typed } from "./edit.ts";
import type { Effect, Input, PressContext, Pressed } from "./input.ts";
import { answered, pasted } from "./paste.ts";
import { found, searching } from "./search.ts";

/** What a key, typed text or a paste makes of a composer. Every input goes through here, those of the screen too: Esc ends a search first. */
export function press(composer: Composer, input: Input, context: PressContext): Pressed {
  const { mode } = composer;
  switch (mode.kind) {
    case "plain":
      return plainly(composer, input, context);
    case "asking":
      return answered(composer, mode, input);
    case "search": {
      if (isCancel(input)) return quiet({ ...mode.before, last: OTHER });
      const next = searching(mode, input);
      return next === null ? plainly(found(mode), input, context) : quiet(next);
    }
    case "completing": {
      if (isCancel(input)) return quiet({ ...mode.before, last: OTHER });
      const next = goneOn(mode, input);
      return next === null ? plainly({ ...composer, mode: PLAIN }, input, context) : quiet(next);
    }
  }
}

/** Esc, Ctrl-C and Ctrl-G end a search or completion and leave everything as it was. */
function isCancel(input: Input): boolean {
  return input.kind === "back" || input.kind === "interrupt" || (input.kind === "edit" && input.edit === "cancel");
}

function plainly(composer: Composer, input: Input, context: PressContext): Pressed {
  switch (input.kind) {
    case "type":
      return quiet(typed(composer, input.text));
    case "paste":
      return quiet(pasted(composer, input.text, context.askPaste));
    case "edit":
      return plainEdit(composer, input.edit, context);
    case "interrupt":
      return { composer: composer.text === "" ? composer : cleared(composer), effect: input };
    default:
      return { composer: { ...composer, last: OTHER }, effect: input };
  }
}

function plainEdit(composer: Composer, edit: Edit, context: PressContext): Pressed {
  switch (edit) {
    case "submit":
      return { composer: { ...composer, last: OTHER }, effect: submission(composer) };
    case "delete-forward-or-leave":
      if (composer.text === "") return { composer, effect: { kind: "leave" } };
      return quiet(edited(composer, "delete-forward"));
    case "complete":
    case "complete-back":
      return quiet(completing(composer, edit, context));
    default:
      return quiet(edited(composer, edit));
  }
}

function submission({ text, pasted: isPasted }: Composer): Effect | null {
  if (text.trim() === "") return null;
  return { kind: isPasted ? "say" : "submit", text };
}

/** Undo brings it back. */
function cleared(composer: Composer): Composer {
  return { ...changed(composer, "", 0), at: composer.history.length };
}

function quiet(composer: Composer): Pressed {
  return { composer, effect: null };
}
