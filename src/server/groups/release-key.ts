import { identityKey } from "../../core/identity.ts";
import { countUnder } from "../../core/index-map.ts";
import { foldName } from "../../core/names.ts";
import { get } from "../../core/persistent-map.ts";
import type { State as CoreState } from "../../core/state.ts";
import type { Owner } from "../../groups/rows.ts";
import { ownerKey } from "../../groups/state.ts";
import { ownerOf } from "../frames/owner.ts";
import type { GroupService } from "./service.ts";

/**
 * Before a name is released: its user key and devices go, so that the next who bears it begins anew. A person or machine of the
 * tailnet keeps them until its last name is released: its devices are its own under each of its names.
 */
export async function releaseKey(
  core: CoreState,
  groups: Pick<GroupService, "state" | "order">,
  name: string,
): Promise<"released" | "none" | "storage-failed"> {
  const owner = ownerBehind(core, name);
  if (owner === null || get(groups.state.userKeys, ownerKey(owner)) === undefined) return "none";
  const outcome = await groups.order({ kind: "release-owner", owner });
  return outcome.ok ? "released" : "storage-failed";
}

function ownerBehind(core: CoreState, name: string): Owner | null {
  const claim = get(core.claims, foldName(name));
  // A name whose claim is gone may still have a key: versions before this one left it.
  if (claim === undefined || claim.identity.kind === "local") return { kind: "name", identity: foldName(name) };
  return countUnder(core.claimsOf, identityKey(claim.identity)) > 1 ? null : ownerOf(claim.identity, name);
}
