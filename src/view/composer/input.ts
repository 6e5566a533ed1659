import type { Completion } from "../chat/chat.ts";
import type { Action, ScreenAction } from "../keys/actions.ts";
import type { Composer } from "./composer.ts";

/** What comes from the keyboard: what `actionOf` says of a key, or text that was typed or pasted. */
export type Input =
  | Action
  | { readonly kind: "type"; readonly text: string }
  | { readonly kind: "paste"; readonly text: string };

export interface PressContext {
  complete(before: string): Completion;
  /** Whether a paste of several lines asks first. */
  readonly askPaste: boolean;
}

/**
 * What the face is to do: something with the screen, or hand the text to the chat's `submit`, or to its `say`, since it was
 * pasted and is no command. The composer keeps the text: when the chat has taken it, `sent` gives the next composer.
 */
export type Effect =
  | ScreenAction
  /** Ctrl-D where nothing is written. */
  | { readonly kind: "leave" }
  | { readonly kind: "submit"; readonly text: string }
  | { readonly kind: "say"; readonly text: string };

export interface Pressed {
  readonly composer: Composer;
  readonly effect: Effect | null;
}
