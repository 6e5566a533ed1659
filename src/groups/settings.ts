/** Bounds of the delivery service, fixed while the server runs. Times in milliseconds, sizes in bytes. */
export interface Settings {
  readonly maxDevices: number;
  readonly maxDevicesPerOwner: number;
  /** Removed ones of one owner that are remembered though no group has them any more: over it the ones that were unseen for longest are forgotten. */
  readonly maxRemovedPerOwner: number;
  /** Devices that may wait to be confirmed: of all owners, of one, and from one source; and of one bare name from one source. */
  readonly maxPending: number;
  readonly maxPendingPerOwner: number;
  readonly maxPendingPerSource: number;
  readonly maxPendingOfName: number;
  /** How long they may, and how long a confirmation waits for its device. */
  readonly pendingAge: number;
  readonly confirmationAge: number;
  readonly maxGroups: number;
  readonly maxGroupsPerOwner: number;
  /** Of all bare names from one source together; where one owner may have more of them, it is as many. */
  readonly maxGroupsPerSource: number;
  readonly maxMembers: number;
  /** Key packages that wait for one device, beside its last resort. */
  readonly maxPackages: number;
  /** Devices whose key packages one request may take, and that one commit may add. */
  readonly maxAdded: number;
  readonly maxKeyPackage: number;
  readonly maxMessage: number;
  readonly maxCommit: number;
  /** A group info or a Welcome, with the tree. */
  readonly maxGroupInfo: number;
  /** Messages are kept until all members have them, but no longer, and no more of them, than this. */
  readonly messageAge: number;
  readonly messageCount: number;
  /** The same for commits. */
  readonly commitAge: number;
  /** Bytes of a group's messages that are kept, and as many of its commits: over it the oldest go, whoever hasn't read them. */
  readonly logBytes: number;
  /** A device unseen for this long is to be removed from its groups. */
  readonly deviceAge: number;
  /** How long members may go on writing to somebody who is to be removed. */
  readonly removalTime: number;
  /** How long one device may hold a group's commit turn. */
  readonly turn: number;
  /** Devices that may wait for a group's commit turn. */
  readonly maxWaitingTurns: number;
}

const DAY = 86_400_000;

export const DEFAULT_SETTINGS: Settings = {
  maxDevices: 20_000,
  maxDevicesPerOwner: 16,
  maxRemovedPerOwner: 64,
  maxPending: 2_000,
  maxPendingPerOwner: 8,
  maxPendingPerSource: 256,
  maxPendingOfName: 4,
  pendingAge: 7 * DAY,
  confirmationAge: 30 * DAY,
  maxGroups: 5_000,
  maxGroupsPerOwner: 200,
  maxGroupsPerSource: 625,
  maxMembers: 1_000,
  maxPackages: 20,
  maxAdded: 64,
  maxKeyPackage: 4_096,
  maxMessage: 81_920,
  maxCommit: 262_144,
  maxGroupInfo: 1_048_576,
  messageAge: 30 * DAY,
  messageCount: 10_000,
  commitAge: 90 * DAY,
  logBytes: 256 * 1024 * 1024,
  deviceAge: 60 * DAY,
  removalTime: 300_000,
  turn: 5_000,
  maxWaitingTurns: 1_000,
};
