/** Frames from a server: replies, refusals and pushes. */
import * as v from "valibot";
import { stringify } from "./values.ts";
import { push, PUSH_TYPES, type Push } from "./pushes.ts";
import { refusal, type Refusal } from "./refusals.ts";
import { REQUESTS, type ReplyBody, type RequestType } from "./requests.ts";
import { count } from "./values.ts";

/** The first thing that is wrong is enough: a million wrong items must not make a million complaints. */
const EARLY = { abortEarly: true } as const;

const answer = v.variant("type", [
  v.object({ type: v.literal("reply"), id: count, body: v.unknown() }),
  v.object({ type: v.literal("refused"), id: count, refusal: v.unknown() }),
]);

export type DecodedFromServer =
  /** Its body is checked by `decodeReply`, by the type of what was asked. */
  | { readonly kind: "reply"; readonly id: number; readonly body: unknown }
  /** `null`: a reason that this version doesn't know. */
  | { readonly kind: "refused"; readonly id: number; readonly refusal: Refusal | null }
  | { readonly kind: "push"; readonly push: Push }
  /** A newer server's push: ignored. */
  | { readonly kind: "unknown" }
  | { readonly kind: "invalid" };

/** A text frame from a server, whose length the connection has bounded. Never throws. */
export function decodeFromServer(text: string): DecodedFromServer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: "invalid" };
  }
  const answered = v.safeParse(answer, parsed, EARLY);
  if (answered.success) {
    const { output } = answered;
    if (output.type === "reply") return { kind: "reply", id: output.id, body: output.body };
    const known = v.safeParse(refusal, output.refusal, EARLY);
    return { kind: "refused", id: output.id, refusal: known.success ? known.output : null };
  }
  const pushed = v.safeParse(push, parsed, EARLY);
  if (pushed.success) return { kind: "push", push: pushed.output };
  const typed = v.safeParse(v.object({ type: v.string() }), parsed);
  return typed.success && !PUSH_TYPES.has(typed.output.type) ? { kind: "unknown" } : { kind: "invalid" };
}

/** The body of a reply to a request of this type; null: the server has said something else. */
export function decodeReply<T extends RequestType>(type: T, body: unknown): ReplyBody<T> | null {
  const decoded = v.safeParse(REQUESTS[type].reply, body, EARLY);
  return decoded.success ? decoded.output : null;
}

/** `body`: a `ReplyBody` of the type that was asked. */
export function encodeReply(id: number, body: object): string {
  return stringify({ type: "reply", id, body });
}

export function encodeRefusal(id: number, refused: Refusal): string {
  return stringify({ type: "refused", id, refusal: refused });
}

export function encodePush(pushed: Push): string {
  return stringify(pushed);
}
