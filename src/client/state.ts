import type { ConnectionEnd, EndCause } from "./outcomes.ts";

/** What a client is doing now. `attempt` counts from 0 and starts again after a connection that held. */
export type ClientState =
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "online"; readonly operator: boolean }
  /** Between two attempts; `delay` in milliseconds, `loss` is how the last connection ended. */
  | { readonly kind: "waiting"; readonly attempt: number; readonly delay: number; readonly loss: ConnectionEnd }
  /** For good. */
  | { readonly kind: "ended"; readonly cause: EndCause };

export type OnlineState = Extract<ClientState, { kind: "online" }>;
export type EndedState = Extract<ClientState, { kind: "ended" }>;
