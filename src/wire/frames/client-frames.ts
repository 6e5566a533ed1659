/**
 * `wire/frames`: the frame protocol (docs/frames.md): one file for each family of messages, `requests.ts` and `pushes.ts` tell
 * them all. A change of a schema is a new version.
 */

/** Frames from a client: requests. */
import * as v from "valibot";
import { stringify } from "./values.ts";
import type { Refusal } from "./refusals.ts";
import { isRequestType, REQUESTS, type Request } from "./requests.ts";
import { count } from "./values.ts";

/** The first thing that is wrong is enough: a million wrong items must not make a million complaints. */
const EARLY = { abortEarly: true } as const;

const envelope = v.object({ id: count, type: v.string(), body: v.unknown() });

export type DecodedRequest =
  | { readonly kind: "request"; readonly request: Request }
  /** It can be answered, because its id could be read. `where` says what was wrong, for the log: paths and types, nothing that was sent. */
  | { readonly kind: "refused"; readonly id: number; readonly refusal: Refusal; readonly where: string }
  /** No frame of this protocol: the connection ends. */
  | { readonly kind: "invalid" };

/** A text frame from a client, whose length the connection has bounded. Never throws. */
export function decodeRequest(text: string): DecodedRequest {
  const parsed = parse(text);
  const outer = v.safeParse(envelope, parsed, EARLY);
  if (!outer.success) return { kind: "invalid" };
  const { id, type, body } = outer.output;
  if (!isRequestType(type)) return { kind: "refused", id, refusal: { reason: "unknown-request" }, where: "type" };
  const inner = v.safeParse(REQUESTS[type].request, body, EARLY);
  if (!inner.success) {
    return { kind: "refused", id, refusal: { reason: "malformed" }, where: describe(type, inner.issues) };
  }
  // The table pairs each type with its schema; the compiler can't follow that through a variable.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { kind: "request", request: { id, type, body: inner.output } as Request };
}

export function encodeRequest(request: Request): string {
  return stringify(request);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function describe(type: string, issues: readonly v.BaseIssue<unknown>[]): string {
  const [issue] = issues;
  const path = issue === undefined ? null : v.getDotPath(issue);
  return `${type}: ${path ?? "body"} ${issue?.expected ?? ""}`.trim().slice(0, 200);
}
