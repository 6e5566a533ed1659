import type { Composers } from "../../view/composer/composers.ts";
import type { Anchor } from "../cells/pane.ts";

/** All that a face keeps of its own. */
export interface ControllerSnapshot {
  readonly screen: ScreenState;
  readonly composers: Composers;
}

/** What the terminal shows beyond the chat and what is written. */
export interface ScreenState {
  /** Where panes are scrolled to, by the conversation's id; those that follow the newest have none. */
  readonly anchors: ReadonlyMap<string, Anchor>;
  /** When Ctrl-C was pressed, if a second would leave. */
  readonly armed: number | null;
  /** Whether the members are shown where the settings say otherwise. */
  readonly flippedMembers: boolean;
  /** Whether it stands under each message who could read it. */
  readonly showsReaders: boolean;
}

export const FIRST_SCREEN: ScreenState = {
  anchors: new Map(),
  armed: null,
  flippedMembers: false,
  showsReaders: false,
};

export function anchorOf({ anchors }: ScreenState, conversation: string): Anchor | null {
  return anchors.get(conversation) ?? null;
}

export function anchoredTo(state: ScreenState, conversation: string, anchor: Anchor | null): ScreenState {
  const anchors = new Map(state.anchors);
  if (anchor === null) anchors.delete(conversation);
  else anchors.set(conversation, anchor);
  return { ...state, anchors };
}

/** Milliseconds within which the second Ctrl-C leaves. */
export const LEAVES_WITHIN = 2000;

/** @param now milliseconds of a monotonic clock */
export function interrupted(
  state: ScreenState,
  now: number,
): { readonly state: ScreenState; readonly leaves: boolean } {
  const leaves = state.armed !== null && now - state.armed <= LEAVES_WITHIN;
  return { state: { ...state, armed: now }, leaves };
}

/** Esc goes back to where one came from: to the newest messages first, then to the lists as they are set. It never leaves. */
export function back(state: ScreenState, conversation: string): ScreenState {
  if (anchorOf(state, conversation) !== null) return anchoredTo(state, conversation, null);
  if (state.showsReaders) return { ...state, showsReaders: false };
  return state.flippedMembers ? { ...state, flippedMembers: false } : state;
}

/** Any other key: nothing leaves now. */
export function disarmed(state: ScreenState): ScreenState {
  return state.armed === null ? state : { ...state, armed: null };
}
