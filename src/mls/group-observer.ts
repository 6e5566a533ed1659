/** A group's public state, as the server follows it: who is in, who committed what. It holds no secret and opens nothing. */
import type { Committed, Member } from "./group-engine.ts";
import type { RoomPolicy } from "./room-policy.ts";

export interface GroupObserver {
  readonly id: Uint8Array;
  readonly epoch: number;
  readonly policy: RoomPolicy;
  members(): readonly Member[];
  /**
   * What a commit would change, checked by the same rules as members check it, but for what only they can see (membership and
   * confirmation tags, path secrets). Nothing changes until `accept`; a second `stage` replaces the first.
   * `now` (seconds): device records and leaves that the commit adds must not have expired (`not-allowed`).
   */
  stage(commit: Uint8Array, now: number): StagedCommit;
  /** Takes the staged commit; throws `no-pending-commit` if there is none. */
  accept(): void;
  /** To keep; `tree` is null when it is as at the last `save`. */
  save(): SavedObserver;
  close(): void;
}

export interface StagedCommit extends Omit<Committed, "removedSelf"> {
  /** That the group has after the commit. */
  readonly policy: RoomPolicy;
  /** References of the key packages that it adds: those that the server handed out. */
  readonly keyPackages: readonly Uint8Array[];
  /** Whether a GroupInfo is that of the epoch the commit makes: same group, epoch, tree and context, signed by the committer. */
  matches(groupInfo: Uint8Array): boolean;
  /** References of the key packages that a Welcome is for; `malformed` if it is none. */
  welcomed(welcome: Uint8Array): readonly Uint8Array[];
}

export interface SavedObserver {
  readonly state: Uint8Array;
  readonly tree: Uint8Array | null;
}

/** What the server may know of a key package before it keeps it. */
export interface InspectedKeyPackage {
  readonly reference: Uint8Array;
  /** Verified against the package's signature key. */
  readonly record: Uint8Array;
  readonly deviceKey: Uint8Array;
  readonly lastResort: boolean;
  /** Seconds since 1970. */
  readonly notAfter: number;
}

/** What the server makes observers with. */
export interface Observers {
  /** From the GroupInfo of a new group's first epoch, or of any other. */
  observe(groupInfo: Uint8Array): GroupObserver;
  load(saved: { readonly state: Uint8Array; readonly tree: Uint8Array }): GroupObserver;
  inspectKeyPackage(keyPackage: Uint8Array, now: number): InspectedKeyPackage;
}
