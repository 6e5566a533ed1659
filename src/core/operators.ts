import { done, UNCHANGED, type Decision } from "./decision.ts";
import type { Event, KeptRight } from "./events.ts";
import { foldAscii, type Identity, type OperatorGround, type OperatorGrant } from "./identity.ts";
import { foldName } from "./names.ts";
import { valuesOf } from "./persistent-map.ts";
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
 * The original's rule: whoever registers while nobody is registered is operator. It holds only where no tailscaled is or was ever
 * seen and the configuration names nobody; anywhere else nobody becomes operator by being early. The right stays with the
 * address and its name, or with a local name and its key, so that it comes back to these, and to nobody else, after the
 * connection was lost or the server restarted.
 */
export function isFirst(state: State, identity: Identity, name: string, userKey: string | null): boolean {
  if (!isRuleOfFirst(state)) return false;
  const { keptRight } = state;
  if (keptRight === null) return state.online.size === 0;
  const theirs = rightOf(identity, name, userKey);
  return theirs !== null && sameRight(keptRight, theirs);
}

/** Whether anybody can be operator by being first. */
export function isRuleOfFirst({ tailscaledSeen, tailscaledPresent, settings }: State): boolean {
  return !tailscaledSeen && !tailscaledPresent && settings.operators.length === 0;
}

/** What must be stored when this session becomes operator by being first: nothing for a bare local name, whose right goes with it. */
export function keepingRight(state: State, identity: Identity, name: string, userKey: string | null): Event[] {
  const right = rightOf(identity, name, userKey);
  return right === null || state.keptRight !== null ? [] : [{ kind: "right-kept", right }];
}

function rightOf(identity: Identity, name: string, userKey: string | null): KeptRight | null {
  switch (identity.kind) {
    case "address":
      return { kind: "address", name, address: identity.address };
    case "local":
      return userKey === null ? null : { kind: "user-key", name, userKey };
    case "person":
    case "machine":
    case "labelled-machine":
      // Of a tailnet, where nobody is operator by being first.
      return null;
  }
}

function sameRight(one: KeptRight, other: KeptRight): boolean {
  if (foldName(one.name) !== foldName(other.name)) return false;
  switch (one.kind) {
    case "address":
      return other.kind === "address" && one.address === other.address;
    case "user-key":
      return other.kind === "user-key" && one.userKey === other.userKey;
  }
}

/** Takes back the right that is kept from having been first; whoever comes first after that has it next. */
export function decideClearKeptRight(state: State): Decision {
  const events: Event[] = [
    ...(state.keptRight === null ? [] : [{ kind: "kept-right-given-up" } as const]),
    ...demotions(state),
  ];
  return events.length === 0 ? UNCHANGED : done(...events);
}

/** Whoever is operator by being first no longer is. */
export function demotions(state: State): Event[] {
  return valuesOf(state.sessions)
    .filter((session) => session.phase === "registered" && session.operator === "first")
    .map(({ id, identity, grant }) => ({ kind: "session-refreshed", session: id, identity, grant, operator: null }));
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
