import type { CreateGroup, Findings } from "../../groups/commands.ts";
import type { GroupObserver, Observers } from "../../mls/group-observer.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import { base64url, foundDevice, foundDevices } from "./found-device.ts";

/** What belongs to a commit, as it was sent. */
export interface SentCommit {
  readonly commit: Uint8Array;
  readonly welcome: Uint8Array | null;
  readonly groupInfo: Uint8Array;
}

/**
 * Stages a commit and says what it would change; null: it isn't valid in this group, or its Welcome or group info don't belong to
 * it. Never throws. `now` in seconds.
 */
export function findInCommit(
  observer: GroupObserver,
  sent: SentCommit,
  server: Uint8Array,
  now: number,
): Findings | null {
  try {
    const staged = observer.stage(sent.commit, now);
    const added = staged.keyPackages.map(base64url);
    const welcomed = sent.welcome === null ? [] : staged.welcomed(sent.welcome).map(base64url);
    if (!isSameSet(welcomed, added) || !staged.matches(sent.groupInfo)) return null;
    const committer = foundDevice(staged.sender, server);
    const joined = foundDevices(staged.added, server);
    const removed = foundDevices(staged.removed, server);
    if (committer === null || joined === null || removed === null) return null;
    return {
      kind: staged.kind,
      epoch: staged.epoch,
      committer,
      byModerator: isModerator(observer.policy, committer.owner),
      added: staged.kind === "external-join" || staged.kind === "resync" ? [] : joined,
      removed,
      welcomed,
      access: staged.policy.access,
    };
  } catch {
    // An EngineError: whatever is wrong is the sender's fault, and the commit isn't taken.
    return null;
  }
}

/** What the group info of a new group says; null if it is none. The observer is closed again. */
export function findInGroupInfo(observers: Observers, groupInfo: Uint8Array, server: Uint8Array): CreateGroup["found"] {
  let observer: GroupObserver;
  try {
    observer = observers.observe(groupInfo);
  } catch {
    return null;
  }
  try {
    const members = foundDevices(observer.members(), server);
    if (members === null) return null;
    const { access, listed } = observer.policy;
    return { group: base64url(observer.id), epoch: observer.epoch, members, access, listed };
  } finally {
    observer.close();
  }
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && new Set([...some, ...others]).size === others.length;
}

function isModerator(policy: RoomPolicy, owner: Findings["committer"]["owner"]): boolean {
  return policy.moderators.some(({ kind, identity }) => kind === owner.kind && identity === owner.identity);
}
