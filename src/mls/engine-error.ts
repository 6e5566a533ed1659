/**
 * Why the engine said no. A closed list; `engine/module/src/error.rs` has the same words, and a test holds one to the other.
 *
 * - `malformed`: the bytes are no such thing: of another form, cut short, with a tail, or of another MLS version or suite
 * - `too-large`: more bytes, devices or people than `BOUNDS` allows
 * - `wrong-group`: a message of another group than the one it was given to
 * - `future-epoch`: hold the message until the commits before it are processed
 * - `past-epoch`: the message's epoch is over, and its keys are gone
 * - `replayed`: a key that was used already, or more than 1,024 generations ahead or gone
 * - `own-message`: what this device has sent itself; never processed, it comes from our own store
 * - `invalid`: a signature, tag or rule of RFC 9420 doesn't hold
 * - `not-allowed`: the room's policy, or a rule that holds in every room, forbids it
 * - `bad-record`: a leaf's device record doesn't verify, or an identity or device is in the group twice
 * - `unknown-leaf`: no member has that leaf
 * - `no-key-package`: the Welcome is for none of the key packages given
 * - `pending-commit`: not while a commit of one's own waits
 * - `no-pending-commit`: there is none to apply
 * - `not-a-member`: this device was removed; nothing more can be done in this group
 * - `closed`: the group or engine was closed, or its instance ended; load the group again
 * - `signer-failed`: the device key didn't sign
 * - `engine-failed`: the engine's instance ended (a panic, memory, or a fault of ours). It has been replaced, and groups are as
 *   they were last saved; the call may be made again, with something else
 */
export const ENGINE_ERRORS = [
  "malformed",
  "too-large",
  "wrong-group",
  "future-epoch",
  "past-epoch",
  "replayed",
  "own-message",
  "invalid",
  "not-allowed",
  "bad-record",
  "unknown-leaf",
  "no-key-package",
  "pending-commit",
  "no-pending-commit",
  "not-a-member",
  "closed",
  "signer-failed",
  "engine-failed",
] as const;

export type EngineErrorCode = (typeof ENGINE_ERRORS)[number];

/** The only error that `GroupEngine`, `Group` and `GroupObserver` throw. `detail` is for logs; it holds no secret and no peer's bytes. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.code = code;
  }
}
