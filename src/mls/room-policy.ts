/**
 * What all members of a room agree on about who may enter and leave, kept in the group's context (extension 0xF001), so that
 * every member and the server decide the same about a commit.
 *
 * In every room, whatever its policy: a device of a person who is in it (same user key) may be added by every member; a device
 * may replace its own leaf (resync); a person's devices may remove one another; nothing is both added and removed in one
 * commit; machines never join by themselves.
 */
export interface RoomPolicy {
  /**
   * `open`: who the server lets in may join by itself (external commit), machines aside. `invite`: only who is added.
   * `listed`: only devices of `listed` people may be added, and nobody joins by itself: a direct conversation.
   */
  readonly access: "open" | "invite" | "listed";
  /** Who may add devices of people who aren't there. */
  readonly add: "members" | "moderators";
  /**
   * Who may remove devices of other people. With `members` the server decides by right which removals it accepts (it can exclude
   * anyone, and include nobody); `moderators` binds it, too: what it orders then needs a moderator's device.
   */
  readonly remove: "members" | "moderators";
  /** May add and remove where only moderators may, and change the policy. At most `BOUNDS.people`. */
  readonly moderators: readonly PolicyPerson[];
  /** Of use with `listed` only, else empty. At most `BOUNDS.people`. */
  readonly listed: readonly PolicyPerson[];
}

/** Compared byte by byte with a record's kind and identity. */
export interface PolicyPerson {
  readonly kind: RecordKind;
  /** 1 to 256 bytes of UTF-8. */
  readonly identity: string;
}

export type RecordKind = "person" | "machine" | "address" | "name";
