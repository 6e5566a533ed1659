/**
 * Why what is written in a conversation waits although the server is there. `who` are names. `notSeen`: those of them whom this machine's
 * own Tailscale doesn't show in its tailnet; empty also where there is none to ask. `compared`: of a changed key, those whose former one had been compared.
 * `own`: of a changed key or removed device, the own person's name, where another device of theirs is it.
 */
export type Hold = HoldKind & {
  readonly notSeen?: readonly string[];
  readonly compared?: readonly string[];
  readonly own?: readonly string[];
};

type HoldKind =
  /** People who came since the writer last looked, and would read it. */
  | { readonly kind: "new-readers"; readonly who: readonly string[] }
  /** Their key, or whom their name means, isn't what it was. */
  | { readonly kind: "changed-key" | "remapped-name"; readonly who: readonly string[] }
  /** Their own person has removed a device of theirs, and it is still there, or again. */
  | { readonly kind: "removed-device"; readonly who: readonly string[] }
  /** Somebody is to be removed, and nobody has done it in time. */
  | { readonly kind: "removal-pending"; readonly who: readonly string[] };
