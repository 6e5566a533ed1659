import { visibleLines } from "../../view/text/visible.ts";

/** Others' text made visible, and of one line whatever it holds. */
export function oneLine(text: string): string {
  return visibleLines(text).join(" ").replaceAll("\t", " ");
}
