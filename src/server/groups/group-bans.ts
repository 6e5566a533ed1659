import type { Ban } from "../../core/events.ts";
import { identityKey } from "../../core/identity.ts";
import { membersUnder } from "../../core/index-map.ts";
import { foldName } from "../../core/names.ts";
import { isConfigured } from "../../core/operators.ts";
import { get, valuesOf } from "../../core/persistent-map.ts";
import type { State as CoreState } from "../../core/state.ts";
import type { Owner } from "../../groups/rows.ts";
import { ownerKey } from "../../groups/state.ts";
import { ownerOf } from "../frames/owner.ts";
import type { GroupService } from "./service.ts";

/**
 * The core's bans, as the delivery service applies them: nothing is delivered to the devices of a banned person or machine, and their leaves
 * are to be removed. A ban is stored before this hears of it; what a crash keeps from following, the next start makes up for.
 */
export class BansInGroups {
  readonly #core: () => CoreState;
  readonly #groups: Pick<GroupService, "setBarred">;
  #barred = new Map<string, Owner>();
  #bans: CoreState["bans"] | null = null;

  constructor(core: () => CoreState, groups: Pick<GroupService, "setBarred">) {
    this.#core = core;
    this.#groups = groups;
  }

  /** At the start, and whenever a command may have changed the bans. */
  follow(): void {
    const state = this.#core();
    if (state.bans === this.#bans) return;
    this.#bans = state.bans;
    const now = new Map(
      valuesOf(state.bans)
        // A ban never reaches an operator (MO-6), such as one whom the configuration names since then.
        .filter(({ identity, name }) => !isConfigured(state.settings, identity, name))
        .flatMap((ban) => ownersOfBan(state, ban))
        .map((owner) => [ownerKey(owner), owner]),
    );
    const before = this.#barred;
    this.#barred = now;
    for (const [key, owner] of now) if (!before.has(key)) this.#groups.setBarred(owner, true);
    for (const [key, owner] of before) if (!now.has(key)) this.#groups.setBarred(owner, false);
  }
}

/** Whose devices a ban covers: those of the identity that it reaches, under every key it is known by; or the bare name's. */
function ownersOfBan(state: CoreState, { identity, name }: Ban): Owner[] {
  if (identity === null) return [{ kind: "name", identity: foldName(name) }];
  const claims = membersUnder(state.claimsOf, identityKey(identity)).flatMap((own) => get(state.claims, own) ?? []);
  return [identity, ...claims.map((claim) => claim.identity)].flatMap((known) => ownerOf(known, name) ?? []);
}
