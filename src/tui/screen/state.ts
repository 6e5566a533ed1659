import type { Composers } from "../../view/composer/composers.ts";
import type { Anchor } from "../cells/pane.ts";

/** All that a face keeps of its own. */
export interface DeskSnapshot {
  readonly screen: ScreenState;
  readonly composers: Composers;
}

/** What the terminal shows beyond the chat and what is written. */
export interface ScreenState {
  /** Where panes are scrolled to, by conversation in lower case; those that follow the newest have none. */
  readonly anchors: ReadonlyMap<string, Anchor>;
  /** What leaves when it is pressed once more. */
  readonly armed: "interrupt" | "leave" | null;
  /** Whether the members are shown where the settings say otherwise. */
  readonly flippedMembers: boolean;
}

export const FIRST_SCREEN: ScreenState = { anchors: new Map(), armed: null, flippedMembers: false };

export function anchorOf({ anchors }: ScreenState, conversation: string): Anchor | null {
  return anchors.get(conversation.toLowerCase()) ?? null;
}

export function anchoredTo(state: ScreenState, conversation: string, anchor: Anchor | null): ScreenState {
  const anchors = new Map(state.anchors);
  if (anchor === null) anchors.delete(conversation.toLowerCase());
  else anchors.set(conversation.toLowerCase(), anchor);
  return { ...state, anchors };
}

/** What a key that leaves does: the first time it may only say so. */
export type Leaving = { readonly state: ScreenState; readonly leaves: boolean };

/** Ctrl-C leaves at the second in a row. */
export function interrupted(state: ScreenState): Leaving {
  return { state: { ...state, armed: "interrupt" }, leaves: state.armed === "interrupt" };
}

/** Esc goes back to the newest messages first; then it leaves, but not away from what is written, unless pressed again. */
export function escaped(state: ScreenState, conversation: string, hasWritten: boolean): Leaving {
  if (anchorOf(state, conversation) !== null) return { state: anchoredTo(state, conversation, null), leaves: false };
  return { state: { ...state, armed: "leave" }, leaves: !hasWritten || state.armed === "leave" };
}

/** Any other key: nothing leaves now. */
export function disarmed(state: ScreenState): ScreenState {
  return state.armed === null ? state : { ...state, armed: null };
}
