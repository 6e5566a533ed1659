/**
 * What seals and opens: MLS groups (RFC 9420, suite 1) as this program uses them, of no library. This folder knows no socket,
 * no file and no clock; who calls keeps what `save` gives.
 *
 * Rules for anyone who calls:
 * - All operations of one group one after another. A state that sealed is saved *before* the sealed bytes leave.
 * - A commit waits (`pending`) until the log has it: then `apply`. If another's came first: `clear`, `process` that one, and
 *   make the commit afresh.
 * - Messages in the log's order. Own messages never go back in (`own-message`).
 * - All byte strings given and taken are copies; none is kept. All methods throw `EngineError` only.
 */
import type { RoomPolicy } from "./room-policy.ts";

/** What `createGroupEngine` (create-group-engine.ts) takes. */
export interface EngineOptions {
  /** The device's secret key: an Ed25519 seed of 32 bytes. It stays in `node:crypto`; no group state holds it. */
  readonly seed: Uint8Array;
  /** Must verify against the seed's public key, else `bad-record`. */
  readonly record: Uint8Array;
}

/** One device's engine. Methods that may take over 50 ms (joining a big group) are asynchronous and don't block. */
export interface GroupEngine {
  /** This device's public signature key, 32 bytes. */
  readonly deviceKey: Uint8Array;
  /** The record that new leaves carry (docs/device-record.md). */
  readonly record: Uint8Array;

  /** A record signed anew, for the same device (else `bad-record`). Groups carry it after `commitUpdate`. */
  renewRecord(record: Uint8Array): void;

  /** `now` and `lifetime` in seconds; a last-resort package may be used for several groups. */
  keyPackage(options: KeyPackageOptions): NewKeyPackage;
  /** `groupId`: 1 to `BOUNDS.groupId` bytes, unique. */
  createGroup(groupId: Uint8Array, policy: RoomPolicy): Group;

  /** References of the key packages that a Welcome is for: whose `secret` `join` needs. */
  welcomeReferences(welcome: Uint8Array): readonly Uint8Array[];
  /**
   * `secret`: of the key package whose reference the Welcome names; delete it after the joined group is saved, unless it is a
   * last resort. Soon after, `commitUpdate`: the adding commit had no fresh key of this device.
   */
  join(welcome: Uint8Array, secret: Uint8Array): Promise<WelcomeJoin>;
  /**
   * Joins by an external commit, from a GroupInfo with tree; if this device has a leaf in it already, that leaf is replaced (resync).
   * The group must be saved before the commit leaves, and is real only when the log has the commit; else `close` it.
   */
  joinExternal(groupInfo: Uint8Array, options?: CommitOptions): Promise<ExternalJoin>;
  /** What `save` gave, all of it put together. The tree and epochs are checked against the state. */
  load(saved: WholeGroup): Group;

  /** HPKE (the suite's own: DHKEM X25519, HKDF-SHA256, AES-128-GCM) to a key made with `hpkeKey`; `info` binds what it is for. */
  hpkeSeal(publicKey: Uint8Array, info: Uint8Array, plaintext: Uint8Array): Uint8Array;
  hpkeOpen(secretKey: Uint8Array, publicKey: Uint8Array, info: Uint8Array, sealed: Uint8Array): Uint8Array;
  /** 32 bytes each. */
  hpkeKey(): { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array };

  /** Ends it and all its groups. */
  close(): void;
}

export interface KeyPackageOptions {
  readonly lastResort?: boolean;
  readonly now: number;
  readonly lifetime: number;
}

export interface NewKeyPackage {
  /** What goes to the server. */
  readonly keyPackage: Uint8Array;
  /** 32 bytes. */
  readonly reference: Uint8Array;
  /** Private keys: kept encrypted, given to `join`, then deleted. */
  readonly secret: Uint8Array;
}

export interface CommitOptions {
  /** Goes in the clear beside the commit, bound to it. At most `BOUNDS.authenticatedData`. */
  readonly authenticatedData?: Uint8Array;
}

/** A device's state in one group. */
export interface Group {
  readonly id: Uint8Array;
  readonly epoch: number;
  /** Own leaf. */
  readonly leaf: number;
  /** Whether a commit of one's own waits. */
  readonly pending: boolean;
  readonly policy: RoomPolicy;

  members(): readonly Member[];
  member(leaf: number): Member | null;
  /** 32 bytes, equal for members in the same state of the same group. */
  authenticator(): Uint8Array;
  exportSecret(label: string, context: Uint8Array, length: number): Uint8Array;
  /** GroupInfo of the current epoch, with tree, for external joins. */
  info(): Uint8Array;

  /** `now` (seconds): an expired key package is refused here, and by nobody else. `not-allowed` if the policy forbids it. */
  commitAdd(keyPackages: readonly Uint8Array[], now: number, options?: CommitOptions): PendingCommit;
  commitRemove(leaves: readonly number[], options?: CommitOptions): PendingCommit;
  /** Fresh keys for this device, and the engine's current record. */
  commitUpdate(options?: CommitOptions): PendingCommit;
  commitPolicy(policy: RoomPolicy, options?: CommitOptions): PendingCommit;
  apply(): Committed;
  clear(): void;

  /** A commit of another (a public handshake). A pending commit of one's own is dropped by it. */
  process(handshake: Uint8Array): Committed;
  /** `pending-commit` while a commit waits: its recipients may be about to change. */
  seal(plaintext: Uint8Array, authenticatedData?: Uint8Array): SealedMessage;
  open(sealed: Uint8Array): OpenedMessage;

  /**
   * What changed since the last `save`, to be kept in one transaction: `state` always; `tree` only when the epoch has changed;
   * `epochs` past ones to write (key: epoch). Only the three newest past epochs are of use.
   */
  save(): SavedGroup;
  /** Forgets keys of epochs before this one. `save` doesn't name them again; delete them. */
  forgetEpochsBefore(epoch: number): void;
  close(): void;
}

export interface Member {
  readonly leaf: number;
  /** The record's bytes, as the leaf has them; verified. */
  readonly record: Uint8Array;
  /** Public signature key of the device, 32 bytes. */
  readonly deviceKey: Uint8Array;
}

export interface PendingCommit {
  readonly commit: Uint8Array;
  /** For those it adds. */
  readonly welcome: Uint8Array | null;
  /** Of the next epoch, with tree. */
  readonly groupInfo: Uint8Array;
}

export interface WelcomeJoin {
  readonly group: Group;
  /** The leaf that signed the Welcome: whoever made the commit that added this device (RFC 9420, 12.4.3.1). No server can name another. */
  readonly committer: number;
}

export interface ExternalJoin {
  readonly group: Group;
  readonly commit: Uint8Array;
  /** Of the epoch that the commit makes. */
  readonly groupInfo: Uint8Array;
  /** The leaf that was replaced, in a resync. */
  readonly replaced: number | null;
}

/** What a commit has changed. */
export interface Committed {
  readonly kind: "add" | "remove" | "update" | "policy" | "external-join" | "resync";
  /** The epoch that it made. */
  readonly epoch: number;
  /** Of who committed: the leaf after the commit (an external joiner's is new) and its record then. */
  readonly sender: Member;
  /** With their leaves after the commit. An external joiner is among them. */
  readonly added: readonly Member[];
  /** As they were before. */
  readonly removed: readonly Member[];
  /** Leaves whose record changed, with the new one; the device is the same. */
  readonly renewed: readonly Member[];
  /** Whether this device is among the removed: nothing more can be done in this group. */
  readonly removedSelf: boolean;
  readonly authenticatedData: Uint8Array;
}

export interface SealedMessage {
  readonly message: Uint8Array;
  readonly epoch: number;
  readonly generation: number;
}

export interface OpenedMessage {
  readonly plaintext: Uint8Array;
  readonly epoch: number;
  readonly generation: number;
  /** Leaf and record at that epoch: of a past epoch, perhaps no member any more. */
  readonly sender: Member;
  readonly authenticatedData: Uint8Array;
}

export interface SavedGroup {
  readonly groupId: Uint8Array;
  readonly state: Uint8Array;
  readonly tree: Uint8Array | null;
  readonly epochs: readonly PastEpoch[];
}

export interface PastEpoch {
  readonly epoch: number;
  readonly bytes: Uint8Array;
}

export interface WholeGroup extends SavedGroup {
  readonly tree: Uint8Array;
}
