import type { Answer } from "../../client/frames/index.ts";

/** In a word, as `Failed` says it: the server's reason, or that it wasn't there to answer. */
export function whyNot(answer: Exclude<Answer<unknown>, { kind: "answered" }>): string {
  return answer.kind === "refused" ? (answer.refusal?.reason ?? "refused") : "offline";
}
