import { visible } from "../../view/text/visible.ts";

/** Others' text made visible, and of one line whatever it holds. */
export function oneLine(text: string): string {
  return visible(text).replaceAll(/\n {4}|\t/g, " ");
}
