import type { Answer } from "./answers.ts";
import type { EndCause } from "./events.ts";
import type { Refusal } from "./refusals.ts";

/** What a session hears. Each protocol's outbound turns these, and only these, into bytes. */
export type Notice =
  | { readonly kind: "registered"; readonly name: string; readonly operator: boolean }
  | { readonly kind: "operator-changed"; readonly operator: boolean }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "broadcast"; readonly from: string; readonly text: string }
  | { readonly kind: "broadcast-sent" }
  | { readonly kind: "direct"; readonly from: string; readonly body: string }
  | { readonly kind: "direct-sent" }
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The last thing a session hears; the connection closes behind it. */
  | { readonly kind: "ended"; readonly cause: EndCause };
