import type { Look } from "./entry.ts";
import { widthOf } from "./glyphs.ts";
import { paint, span, type Tone } from "./style.ts";
import { truncate } from "./wrap.ts";

/** A line across the pane with words in it. */
export function ruled(words: string, { width, colours }: Pick<Look, "width" | "colours">, tone: Tone): string {
  const text = `── ${words} `;
  const rest = Math.max(0, width - widthOf(text));
  return paint(truncate([span(text + "─".repeat(rest), { tone })], width), colours);
}
