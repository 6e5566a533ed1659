/**
 * What the delivery service keeps, row by row. A row's value replaces the one before it under the same key; null takes it away.
 * Values are plain JSON, so that a store needs to know nothing of them.
 */
import type { DeviceId, GroupId, MessageId, PublicKey, RequestId } from "./ids.ts";

/** Who a device belongs to, as the tailnet vouches for it and its record says it (docs/device-record.md). */
export interface Owner {
  readonly kind: "person" | "machine" | "address" | "name";
  readonly identity: string;
}

export interface DeviceRow {
  readonly owner: Owner;
  /** Its signature key; the same in all groups. */
  readonly key: PublicKey;
  readonly userKey: PublicKey;
  /** The device record, base64url. */
  readonly record: string;
  /** The highest counter that a hello of this device has carried: a copy or an old backup comes with a lower or equal one. */
  readonly counter: number;
  readonly since: number;
  /** When it last said hello. */
  readonly seen: number;
  /** A removed one never comes back; its row stays, so that its id stays used. */
  readonly removed: boolean;
  /** To which its person's other devices seal for it; missing: none that it has told of. */
  readonly sealKey?: SealKey;
}

/** An HPKE key, signed by the device's own key; base64url both. */
export interface SealKey {
  readonly key: PublicKey;
  readonly signature: string;
}

export interface UserKeyRow {
  /** The present one. */
  readonly userKey: PublicKey;
  /** Since when it is. */
  readonly since: number;
  /** The first of those that have followed one another; missing: this one. */
  readonly first?: PublicKey;
  /** Which incarnation of the server has taken it; missing in what older versions kept. */
  readonly incarnation?: string;
  /** Since when the key was the present one that came with the backup from which that incarnation was restored. */
  readonly floor?: number;
  /** What the keys before it have signed of their successors (base64url), the newest last, at most 8; missing: none that this server knows. */
  readonly statements?: readonly string[];
}

/** A device that asks to be confirmed by one of its person's others. All of it is its own word. */
export interface PendingRow {
  readonly owner: Owner;
  readonly key: PublicKey;
  readonly label: string;
  readonly sealKey: SealKey;
  /** Base64url, of an invitation; null: none. */
  readonly token: string | null;
  /** From where it asked, see `ask-confirmation`; an earlier version kept none. */
  readonly source?: string;
  readonly at: number;
}

/** What waits for a device until it comes with that record. `record`, `sealed` (to its seal key) and `statement` are base64url. */
export interface ConfirmationRow {
  readonly owner: Owner;
  readonly key: PublicKey;
  readonly userKey: PublicKey;
  readonly record: string;
  readonly sealed: string;
  readonly statement: string | null;
  readonly at: number;
}

/** The secret with which the server signs what only itself must believe, see receipts.ts. 32 bytes, base64url. */
export interface ReceiptKeyRow {
  readonly secret: string;
}

/** Where a device's key packages lie: in its log of packages, taken in the order they came. */
export interface PackagesRow {
  /** Of those that wait: the log's numbers begin at `first`, one after another. */
  readonly first: number;
  readonly references: readonly string[];
  /** The last resort: given out, as often as asked, when nothing else is left. Its bytes as a string of bytes (latin1). */
  readonly lastResort: { readonly reference: string; readonly keyPackage: string } | null;
  /** Handed out and not seen in a commit yet; the oldest go first. */
  readonly handedOut: readonly string[];
  /**
   * When the first of them came: the log is named by it, since an id that was forgotten may be used again, and a log's numbers go on. Missing in what
   * older versions kept.
   */
  readonly life?: number;
}

/** What a group is for. `between`: two owners, or one twice for notes to oneself. */
export type Place =
  | { readonly kind: "everyone" }
  | { readonly kind: "room"; readonly name: string }
  | { readonly kind: "direct"; readonly between: readonly [Owner, Owner] };

export type GroupStatus =
  | { readonly kind: "open" }
  /** A commit or the log was reported as invalid by enough of its members, or the last member has left. */
  | { readonly kind: "ended"; readonly why: "invalid-commit" | "empty"; readonly at: number };

export interface GroupRow {
  readonly place: Place;
  readonly access: "open" | "invite" | "listed";
  readonly creator: Owner;
  /** From where a bare name has made it, see `create-group`; missing: anybody else has, or an earlier version kept it. */
  readonly source?: string;
  readonly createdAt: number;
  readonly epoch: number;
  /** Each member device, and the number of the entry that it came in with: it reads nothing before. */
  readonly members: Readonly<Record<DeviceId, number>>;
  /** Each device that was removed, and the number of its removal: it reads nothing behind. */
  readonly removed: Readonly<Record<DeviceId, number>>;
  /** Members that are to be removed: delivery to them is cut; any member's client may commit it. */
  readonly ordered: Readonly<Record<DeviceId, RemovalReason>>;
  /** Since when the first of them is, in milliseconds since 1970; of no meaning while there is none. */
  readonly orderedSince?: number;
  /** Who can't go on in it, and the least number that one of them can't take. */
  readonly reports: { readonly number: number; readonly by: readonly string[] } | null;
  /** How many Welcomes its log of Welcomes has had. */
  readonly welcomes: number;
  readonly status: GroupStatus;
  /**
   * The server was restored from a backup since, whose log ended with this number: members may have seen other entries after it than
   * there are now, see `decideReport`.
   */
  readonly doubtful?: number;
}

export type RemovalReason = "left" | "banned" | "device-removed" | "unseen";

/** The end of a group's log, and its beginning. `hash` chains all entries, see log-entry.ts. */
export interface HeadRow {
  readonly number: number;
  readonly hash: string;
  readonly at: number;
  /** Messages up to and with this number are forgotten. */
  readonly messagesForgotten: number;
  /** The same for commits, which are kept longer; never above `messagesForgotten`. */
  readonly commitsForgotten: number;
  /** Bytes of the entries behind number `after` that are kept; missing in what older versions kept, which counted none. */
  readonly counted?: Counted;
}

export interface Counted {
  readonly after: number;
  readonly messages: number;
  readonly commits: number;
}

/** The last message of a device in a group: told again, it gets the same answer. */
export interface WriterRow {
  readonly counter: number;
  readonly message: MessageId;
  readonly number: number;
  readonly at: number;
}

/** The last commit of a device in a group. */
export interface CommitterRow {
  readonly request: RequestId;
  readonly number: number;
  readonly at: number;
}

/** How far a device has read in a group. Lazy: its loss costs a redelivery. */
export interface CursorRow {
  readonly number: number;
}

/** A Welcome that waits: its bytes are entry `number` of the group's log of Welcomes; `entry` is the commit's own number, `hash` the log's there. */
export interface WelcomeRow {
  readonly device: DeviceId;
  readonly group: GroupId;
  readonly number: number;
  readonly entry: number;
  readonly hash: string;
}

/** Which server this is. `incarnation` is new after each restore from a backup; `id` stays. 16 random bytes each, base64url. */
export interface ServerRow {
  readonly id: string;
  readonly incarnation: string;
}

export type Row =
  | { readonly table: "server"; readonly key: "self"; readonly value: ServerRow }
  | { readonly table: "device"; readonly key: DeviceId; readonly value: DeviceRow | null }
  | { readonly table: "receipt-key"; readonly key: "self"; readonly value: ReceiptKeyRow }
  | { readonly table: "user-key"; readonly key: string; readonly value: UserKeyRow | null }
  | { readonly table: "pending"; readonly key: DeviceId; readonly value: PendingRow | null }
  | { readonly table: "confirmation"; readonly key: DeviceId; readonly value: ConfirmationRow | null }
  | { readonly table: "packages"; readonly key: DeviceId; readonly value: PackagesRow | null }
  | { readonly table: "group"; readonly key: GroupId; readonly value: GroupRow | null }
  | { readonly table: "head"; readonly key: GroupId; readonly value: HeadRow | null }
  | { readonly table: "writer"; readonly key: string; readonly value: WriterRow | null }
  | { readonly table: "committer"; readonly key: string; readonly value: CommitterRow | null }
  | { readonly table: "cursor"; readonly key: string; readonly value: CursorRow | null }
  | { readonly table: "welcome"; readonly key: string; readonly value: WelcomeRow | null };
