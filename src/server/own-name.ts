import { hostname } from "node:os";
import type { Identity } from "../core/identity.ts";
import { identityKey } from "../core/identity.ts";
import { membersUnder } from "../core/index-map.ts";
import { foldName, isName } from "../core/names.ts";
import { get } from "../core/persistent-map.ts";
import type { State } from "../core/state.ts";

/** The name that an identity has claimed, the earliest of several; null: none. A user of the server's machine has none of their own: all share one identity. */
export function claimedName(state: State, identity: Identity): string | null {
  if (identity.kind === "local") return null;
  const claims = membersUnder(state.claimsOf, identityKey(identity)).flatMap((name) => {
    const claim = get(state.claims, foldName(name));
    return claim === undefined ? [] : [claim];
  });
  return claims.toSorted((a, b) => a.claimedAt - b.claimedAt)[0]?.name ?? null;
}

/**
 * What an identity could be called that has no name yet: the login's part before the `@`, the machine's label; null where
 * nothing is known of it. Others may have the name.
 * @param host this machine's own name, which its users have in common.
 */
export function suggestedName(identity: Identity, host: string): string | null {
  switch (identity.kind) {
    case "person":
      return asName(identity.login.split("@")[0] ?? "");
    case "machine":
    case "labelled-machine":
      return asName(identity.label);
    case "local":
      return asName(host.split(".")[0] ?? "");
    case "address":
      return asName(`at-${identity.address}`);
  }
}

/** Words as a name: accents taken off, others as dashes. Null where nothing is left. */
function asName(words: string): string | null {
  const name = words
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 32);
  return isName(name) ? name : null;
}

/** What this machine is called, in one word. */
export function ownHost(): string {
  return hostname().split(".")[0] ?? "";
}
