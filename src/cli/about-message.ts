import { escapedLine } from "../text/visible.ts";

/** What a command that is run for a message finds in its environment, which holds no NUL, as an old server's names may. */
export function aboutMessage({ from, to }: { readonly from: string; readonly to: string }) {
  return { PAD_FROM: escapedLine(from), PAD_TO: escapedLine(to) };
}
