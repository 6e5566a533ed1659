import type { Answer, Tag } from "./answers.ts";
import type { EndCause } from "./events.ts";
import type { Identity } from "./identity.ts";
import type { Refusal } from "./refusals.ts";

/** What a session hears. Each protocol's outbound turns these, and only these, into bytes. */
export type Notice = Reply | News;

/** What a session hears of its own command, with the tag that came with it. */
type Reply = { readonly tag?: Tag | undefined } & (
  | { readonly kind: "registered"; readonly name: string; readonly operator: boolean }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "broadcast-sent" }
  | { readonly kind: "direct-sent" }
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The last thing a session hears; the connection closes after it. */
  | { readonly kind: "ended"; readonly cause: EndCause }
);

/** What it didn't ask for. */
type News =
  | { readonly kind: "operator-changed"; readonly operator: boolean }
  | { readonly kind: "broadcast"; readonly from: string; readonly text: string }
  | { readonly kind: "direct"; readonly from: string; readonly body: string }
  /** A machine that was long gone has lost its name to another with the same tags. */
  | { readonly kind: "name-passed-on"; readonly name: string; readonly from: Identity; readonly to: Identity }
  /** For sessions that share names alone: a name has its first session, or lost its last. */
  | { readonly kind: "came" | "went"; readonly name: string }
  /** For the same: an operator has sent somebody away. */
  | {
      readonly kind: "sent-away";
      readonly how: "kicked" | "banned";
      readonly name: string;
      readonly by: string;
      readonly reason: string | null;
    };
