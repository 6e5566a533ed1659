import type { Action, Edit, ScrollTo } from "./actions.ts";

/**
 * A key as people write it, in lower case: `ctrl-a`, `alt-enter`, `shift-tab`, `pageup`. Plain characters are no keys:
 * they are typed.
 */
export type KeyName = string;

type KeyGroup = "Conversations" | "Messages" | "Writing" | "History" | "Program";

export interface KeyRow {
  /** All that do it; the first is the one to tell people. */
  readonly keys: readonly KeyName[];
  readonly does: Action;
  /** What it does, a phrase: "to the start of the line". */
  readonly help: string;
  readonly group: KeyGroup;
}

/** Every key there is: what is pressed, what `/help keys` tells and what the documentation shows all come from here. */
export const KEY_TABLE: readonly KeyRow[] = [
  row("Conversations", ["alt-a"], { kind: "open-next-unread" }, "open the next conversation with something unread"),
  row("Conversations", ["alt-up", "alt-left"], { kind: "open-neighbour", step: -1 }, "open the conversation before"),
  row("Conversations", ["alt-down", "alt-right"], { kind: "open-neighbour", step: 1 }, "open the conversation after"),
  // One help for all nine, so that the help tells them in one line.
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((nth) =>
    row("Conversations", [`alt-${nth}`], { kind: "open", nth }, "open the conversation with that number"),
  ),
  row("Conversations", ["alt-m"], { kind: "toggle-members" }, "show or hide the member list"),

  scroll(["pageup"], "page-up", "scroll up a page"),
  scroll(["pagedown"], "page-down", "scroll down a page"),
  scroll(["ctrl-up", "shift-up"], "row-up", "scroll up a row"),
  scroll(["ctrl-down", "shift-down"], "row-down", "scroll down a row"),
  scroll(["home"], "top", "scroll to the oldest message"),
  scroll(["end"], "bottom", "scroll to the newest message"),
  row("Messages", ["alt-r"], { kind: "toggle-readers" }, "show who could read each sealed message; again: hide it"),
  row("Messages", ["alt-l"], { kind: "bare" }, "bare messages, to select and copy them whole; again: back"),

  edit("Writing", ["enter"], "submit", "send"),
  edit("Writing", ["alt-enter", "shift-enter", "ctrl-j"], "new-line", "a new line"),
  edit("Writing", ["tab"], "complete", "complete a name or command; again: the next"),
  edit("Writing", ["shift-tab"], "complete-back", "the completion before"),
  edit("Writing", ["left", "ctrl-b"], "left", "a character left"),
  edit("Writing", ["right", "ctrl-f"], "right", "a character right"),
  edit("Writing", ["ctrl-left", "alt-b"], "word-left", "a word left"),
  edit("Writing", ["ctrl-right", "alt-f"], "word-right", "a word right"),
  edit("Writing", ["ctrl-a"], "line-start", "to the start of the line"),
  edit("Writing", ["ctrl-e"], "line-end", "to the end of the line"),
  edit("Writing", ["backspace", "ctrl-h"], "delete-back", "delete the character before"),
  edit("Writing", ["delete"], "delete-forward", "delete the character at the cursor"),
  edit("Writing", ["ctrl-d"], "delete-forward-or-leave", "delete the character at the cursor; on an empty line, leave"),
  edit("Writing", ["ctrl-w"], "kill-to-blank-back", "cut back to the last blank"),
  edit("Writing", ["alt-backspace"], "kill-word-back", "cut the word before"),
  edit("Writing", ["alt-d", "ctrl-delete"], "kill-word-forward", "cut the word after"),
  edit("Writing", ["ctrl-k"], "kill-to-end", "cut to the end of the line"),
  edit("Writing", ["ctrl-u"], "kill-to-start", "cut to the start of the line"),
  edit("Writing", ["ctrl-y"], "yank", "put back what was cut"),
  edit("Writing", ["alt-y"], "yank-older", "after that: what was cut before it"),
  edit("Writing", ["ctrl-t"], "transpose", "swap two characters"),
  edit("Writing", ["ctrl-_", "ctrl-/"], "undo", "undo"),

  edit("History", ["up", "ctrl-p"], "up", "the line before; in the first line, what was written earlier"),
  edit("History", ["down", "ctrl-n"], "down", "the line after; in the last line, what was written later"),
  edit("History", ["ctrl-r"], "search", "search what was written; again: older"),
  edit("History", ["ctrl-g"], "cancel", "end a search, a completion or a question without effect"),

  row(
    "Program",
    ["alt-c"],
    { kind: "answer-device", isOurs: true },
    "the device that is asked about is yours: confirm it",
  ),
  row(
    "Program",
    ["alt-x"],
    { kind: "answer-device", isOurs: false },
    "the device that is asked about is none of yours",
  ),
  row("Program", ["ctrl-l"], { kind: "redraw" }, "draw the screen afresh"),
  row("Program", ["ctrl-z"], { kind: "suspend" }, "suspend; `fg` comes back"),
  row("Program", ["ctrl-c"], { kind: "interrupt" }, "clear what is written; twice within two seconds: leave"),
  row(
    "Program",
    ["escape"],
    { kind: "back" },
    "back: ends a search or question, closes what was opened, goes to the newest message",
  ),
];

const ACTIONS: ReadonlyMap<KeyName, Action> = new Map(
  KEY_TABLE.flatMap(({ keys, does }) => keys.map((key) => [key, does] as const)),
);

/** What a key does; null: nothing. */
export function actionOf(key: KeyName): Action | null {
  return ACTIONS.get(key) ?? null;
}

function row(group: KeyGroup, keys: readonly KeyName[], does: Action, help: string): KeyRow {
  return { keys, does, help, group };
}

function scroll(keys: readonly KeyName[], to: ScrollTo, help: string): KeyRow {
  return row("Messages", keys, { kind: "scroll", to }, help);
}

function edit(group: KeyGroup, keys: readonly KeyName[], does: Edit, help: string): KeyRow {
  return row(group, keys, { kind: "edit", edit: does }, help);
}
