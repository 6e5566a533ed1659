import type { ClientState } from "../state.ts";

/** What one connection tells of; the states are the client's. */
export type SessionEvent = Exclude<ClientEvent, { kind: "state" }>;

/**
 * What a client tells its listeners. Texts and ids come from others as they are: a terminal must take the control
 * characters out before it shows them.
 */
export type ClientEvent =
  | { readonly kind: "state"; readonly state: ClientState }
  /** `to` is `ALL` or our own id. */
  | { readonly kind: "message"; readonly from: string; readonly to: string; readonly text: string }
  /** A message whose field doesn't open, or isn't UTF-8. */
  | { readonly kind: "unreadable"; readonly from: string; readonly to: string }
  /** The operator's right came or went while online. */
  | { readonly kind: "operator"; readonly operator: boolean }
  | { readonly kind: "kicked" }
  | { readonly kind: "banned" }
  /** A line of the server that answers nothing we asked, as it came. */
  | { readonly kind: "notice"; readonly text: string };
