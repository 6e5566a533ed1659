/**
 * `tui/screen`: what is on the screen and where: the controller, which takes keys, and the picture, which is made of
 * snapshots. Knows nothing of Ink.
 */

import { stripVTControlCharacters } from "node:util";
import type { ChatSnapshot, Entry } from "../../view/chat/snapshot.ts";
import { senderOf } from "../../view/sender.ts";
import { visibleLines } from "../../text/visible.ts";
import { widthOf } from "../cells/glyphs.ts";
import { paint, span } from "../cells/style.ts";
import { indexOfKey } from "../cells/strip.ts";
import type { Size } from "./regions.ts";
import { anchorOf, type ControllerSnapshot } from "./state.ts";

/**
 * The last messages that fit the terminal, or those from where the pane is scrolled to, as whole lines: no line is broken, and none has
 * anything behind it. One row is left free.
 */
export function bareRows(
  { current }: ChatSnapshot,
  { screen }: ControllerSnapshot,
  { columns, rows }: Size,
): readonly string[] {
  const anchor = anchorOf(screen, current.id);
  const first = anchor === null ? 0 : indexOfKey(current, anchor.key);
  const candidates =
    anchor === null ? current.entries.slice(-rows).toReversed() : current.entries.slice(first, first + rows);
  const taken: (readonly string[])[] = [];
  let used = 0;
  for (const entry of candidates) {
    const lines = linesOf(entry);
    used += lines.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(line)) / columns)),
      0,
    );
    if (used > rows - 1 && taken.length > 0) break;
    taken.push(lines);
  }
  return (anchor === null ? taken.toReversed() : taken).flat();
}

function linesOf(entry: Entry): readonly string[] {
  const said = visibleLines(entry.text);
  if (entry.kind === "note") return said;
  const name = senderOf(entry);
  // Lines below the first are code more often than not, and begin in the first column. Only a real name is inverse: nobody
  // can write a line that looks like another's message.
  return [`${entry.emote ? "* " : ""}${paint([span(name, { inverse: true })], "none")} ${said[0]}`, ...said.slice(1)];
}
