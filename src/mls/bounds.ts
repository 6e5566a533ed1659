/**
 * `mls`: sealing, behind `GroupEngine` and `GroupObserver`. Only what lies here knows the WebAssembly module, and no
 * cryptography is written here: it is mls-rs.
 */

/**
 * The most bytes of each thing that comes from others, checked before anything is decoded. `engine/module/src/bounds.rs` has
 * the same figures, and a test holds one to the other.
 */
export const BOUNDS = {
  /** Plaintext of one application message; and its authenticated data. */
  plaintext: 65_536,
  authenticatedData: 1_024,
  /** A sealed application message: plaintext, padding (an eighth), headers. */
  sealed: 81_920,
  /** A commit: one that adds 64 devices, or a cold update among 1,000. */
  handshake: 262_144,
  /** A Welcome or a GroupInfo with the tree of 1,000 members; a saved tree. */
  welcome: 1_048_576,
  /** A saved group state or past epoch. */
  saved: 2_097_152,
  keyPackage: 4_096,
  /** A device record (docs/device-record.md). */
  record: 844,
  groupId: 64,
  /** A room's policy as bytes. */
  policy: 65_536,
  /** People named in a policy, in each of its two lists. */
  people: 128,
  /** Devices that one commit adds or removes. */
  perCommit: 64,
} as const;
