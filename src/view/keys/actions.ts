/** `view/keys`: which key does what, as one table; help and the documents show the same. */

/** What a key does: an edit of the composer, or something with the screen, which the face does. */
export type Action = { readonly kind: "edit"; readonly edit: Edit } | ScreenAction;

export type ScreenAction =
  | { readonly kind: "scroll"; readonly to: ScrollTo }
  /** The conversation of this number, the first being 1. */
  | { readonly kind: "open"; readonly nth: number }
  | { readonly kind: "open-neighbour"; readonly step: 1 | -1 }
  | { readonly kind: "open-next-unread" }
  | { readonly kind: "toggle-members" }
  /** Under each message, who could read it. */
  | { readonly kind: "toggle-readers" }
  /** About the device that waits to be confirmed. */
  | { readonly kind: "answer-device"; readonly isOurs: boolean }
  | { readonly kind: "redraw" }
  /** The bare messages, without frame and columns, so that the terminal's own selection copies them whole. */
  | { readonly kind: "bare" }
  | { readonly kind: "suspend" }
  /** Ctrl-C: the face leaves at the second in a row. */
  | { readonly kind: "interrupt" }
  /** Esc: ends what has been opened last; never leaves. */
  | { readonly kind: "back" };

export type ScrollTo = "page-up" | "page-down" | "row-up" | "row-down" | "top" | "bottom";

/** Edits bear readline's sense of the words, and "line" is the line of the text that the cursor is in. */
export type Edit =
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "line-start"
  | "line-end"
  /** Within a text of several lines; at its edge, in the history. */
  | "up"
  | "down"
  | "delete-back"
  | "delete-forward"
  | "delete-forward-or-leave"
  | "kill-word-back"
  | "kill-to-blank-back"
  | "kill-word-forward"
  | "kill-to-end"
  | "kill-to-start"
  | "yank"
  | "yank-older"
  | "transpose"
  | "new-line"
  | "undo"
  | "search"
  | "complete"
  | "complete-back"
  | "cancel"
  | "submit";
