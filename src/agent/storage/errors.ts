/**
 * What can be wrong with a device's store.
 * - `in-use`: another agent has it
 * - `another-machine`: the folder was made on another machine
 * - `no-key`: the file with the key is not there, or isn't this store's
 * - `damaged`: it is ours, or was, and can't be trusted
 * - `newer`: a later version of Padserve made it
 * - `not-ours`: something else lies where our file should be
 * - `unwritable`: the system doesn't let us read or write there
 * - `full`: no space left
 * - `conflict`: the changes don't fit what is kept; nothing was changed
 * - `failed`: anything else, see the cause
 */
export type AgentStoreErrorCode =
  | "in-use"
  | "another-machine"
  | "no-key"
  | "damaged"
  | "newer"
  | "not-ours"
  | "unwritable"
  | "full"
  | "conflict"
  | "failed";

/** One line for the device's person: what happened, where, what to do next. The cause is kept for the log. */
export class AgentStoreError extends Error {
  override readonly name = "AgentStoreError";
  readonly code: AgentStoreErrorCode;

  constructor(code: AgentStoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
