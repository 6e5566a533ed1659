/** Why tailscaled could not be asked, or its answer not be used. */
export type LocalApiProblem =
  /** No socket, pipe or port of a tailscaled was found: most likely none is installed, or it is not running. */
  | { readonly kind: "absent" }
  /** A socket is there, nobody listens behind it: tailscaled has died and left it. */
  | { readonly kind: "refused-connection" }
  /** The operating system or tailscaled itself denies us; `text` is tailscaled's own reason, where it gave one. */
  | { readonly kind: "no-permission"; readonly text: string }
  /** No whole answer in time. */
  | { readonly kind: "timeout" }
  /** The connection broke before a whole answer had come. */
  | { readonly kind: "disconnected" }
  /** Too many questions wait already; this one was not asked. */
  | { readonly kind: "busy" }
  /** An HTTP status that has no meaning for us here. */
  | { readonly kind: "http"; readonly status: number; readonly text: string }
  /** An answer that is too large, no JSON, or lacks what we need. */
  | { readonly kind: "malformed"; readonly text: string };

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: LocalApiProblem };

export function success<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function failure(problem: LocalApiProblem): { readonly ok: false; readonly problem: LocalApiProblem } {
  return { ok: false, problem };
}
