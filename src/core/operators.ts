import { foldAscii, type Identity, type OperatorGround, type OperatorGrant } from "./identity.ts";
import { foldName } from "./names.ts";
import type { Settings, State } from "./state.ts";

/**
 * Why this identity, under this name, is operator; null: it isn't. What the tailnet or the configuration says lasts as
 * long as they say it.
 */
export function lastingGround(
  settings: Settings,
  identity: Identity,
  grant: OperatorGrant | null,
  name: string,
): OperatorGround | null {
  return grant ?? (isConfigured(settings, identity, name) ? "configured" : null);
}

/**
 * The original's rule: who registers while nobody is registered is operator. It holds only where no tailscaled is or was ever
 * seen and the configuration names nobody; anywhere else nobody becomes operator by being early.
 */
export function isFirst(state: State): boolean {
  const isUnruled = !state.tailscaledSeen && !state.tailscaledPresent && state.settings.operators.length === 0;
  return isUnruled && state.online.size === 0;
}

/** Whether the configuration names this name, or the login behind it. Null: no name, no login. */
export function isConfigured(settings: Settings, identity: Identity | null, name: string | null): boolean {
  const folded = name === null ? null : foldName(name);
  const login = identity?.kind === "person" ? foldAscii(identity.login) : null;
  return settings.operators.some((entry) => {
    const wanted = foldAscii(entry);
    if (wanted.startsWith("name:")) return wanted.slice("name:".length) === folded;
    if (wanted.startsWith("login:")) return wanted.slice("login:".length) === login;
    return wanted === folded || wanted === login;
  });
}
