import type { Group, Member, PendingCommit } from "../../mls/group-engine.ts";
import { encodePolicy } from "../../mls/policy-bytes.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { Intent } from "../storage/kept.ts";
import { hex } from "../storage/hex.ts";
import { personOf } from "./person.ts";

export interface Built extends PendingCommit {
  /** Device ids that the Welcome is for. */
  readonly welcomed: readonly Uint8Array[];
}

interface Building {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** This device's present one. */
  readonly record: Uint8Array;
}

/** The commit for this state of the group, or null when nothing of it is left to do. Throws `EngineError`. */
export function buildCommit(group: Group, intent: Intent, { now, record }: Building): Built | null {
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
    case "succeed": {
      const options = { authenticatedData: intent.statement };
      const gone = new Set(intent.devices.map(hex));
      const leaves = group.members().filter((member) => gone.has(deviceOf(member)));
      if (leaves.length > 0)
        return {
          ...group.commitRemove(
            leaves.map(({ leaf }) => leaf),
            options,
          ),
          welcomed: [],
        };
      const own = group.member(group.leaf);
      if (!intent.again && own !== null && sameBytes(own.record, record)) return null;
      return { ...group.commitUpdate(options), welcomed: [] };
    }
    case "policy":
      if (!isSamePolicy(group.policy, intent.instead)) return null;
      return { ...group.commitPolicy(intent.policy), welcomed: [] };
  }
}

function isSamePolicy(one: RoomPolicy, other: RoomPolicy): boolean {
  return sameBytes(encodePolicy(one), encodePolicy(other));
}

function deviceOf(member: Member): string {
  return hex(personOf(member).deviceId);
}
