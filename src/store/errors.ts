/**
 * `store`: the store behind one small port (`core/ports.ts`): in memory here, in SQLite below. Both pass one contract suite,
 * test/contracts.
 */

/**
 * What can be wrong with a store.
 * - `in-use`: another server has it
 * - `damaged`: it is ours, or was, and can't be trusted
 * - `newer`: a later version of Padserve made it
 * - `not-ours`: something else lies where our file should be
 * - `unwritable`: the system doesn't let us write there
 * - `full`: no space left
 * - `lost`: the files were deleted or replaced while they were open
 * - `failed`: anything else, see the cause
 */
export type StoreErrorCode = "in-use" | "damaged" | "newer" | "not-ours" | "unwritable" | "full" | "lost" | "failed";

/** One line for the administrator: what happened, where, what to do next. The cause is kept for the log. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
