import type { Group, Member, PendingCommit } from "../../mls/group-engine.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import { hex, personOf } from "./person.ts";

/** What a commit is to do, said so that it can be worked out afresh on whatever the winner of a race has made of the group. */
export type Intent =
  /** Devices that are in the group already are passed over. At most 64. */
  | { readonly kind: "add"; readonly devices: readonly NewDevice[] }
  /** By device id. Those that are gone are passed over. At most 64. */
  | { readonly kind: "remove"; readonly devices: readonly Uint8Array[] }
  | { readonly kind: "update" }
  | { readonly kind: "policy"; readonly policy: RoomPolicy };

interface NewDevice {
  readonly deviceId: Uint8Array;
  readonly keyPackage: Uint8Array;
}

export interface Built extends PendingCommit {
  /** Device ids that the Welcome is for. */
  readonly welcomed: readonly Uint8Array[];
}

/** The commit for this state of the group, or null when nothing of it is left to do. Throws `EngineError`. `now` in milliseconds. */
export function buildCommit(group: Group, intent: Intent, now: number): Built | null {
  switch (intent.kind) {
    case "add": {
      const present = new Set(group.members().map(deviceOf));
      const absent = intent.devices.filter(({ deviceId }) => !present.has(hex(deviceId)));
      if (absent.length === 0) return null;
      const packages = absent.map(({ keyPackage }) => keyPackage);
      const welcomed = absent.map(({ deviceId }) => deviceId);
      return { ...group.commitAdd(packages, Math.floor(now / 1000)), welcomed };
    }
    case "remove": {
      const gone = new Set(intent.devices.map(hex));
      const leaves = group.members().filter((member) => gone.has(deviceOf(member)));
      if (leaves.length === 0) return null;
      return { ...group.commitRemove(leaves.map(({ leaf }) => leaf)), welcomed: [] };
    }
    case "update":
      return { ...group.commitUpdate(), welcomed: [] };
    case "policy":
      return { ...group.commitPolicy(intent.policy), welcomed: [] };
  }
}

function deviceOf(member: Member): string {
  return hex(personOf(member).deviceId);
}
