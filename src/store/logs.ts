/** What every store holds logs to, wherever it keeps them. */
import type { Append, Range } from "../core/ports.ts";
import { StoreError } from "./errors.ts";

const LONGEST_NAME = 128;
/** So many numbers a log can give; SQLite's key for an entry has 32 bits for it. */
export const LAST_NUMBER = 2 ** 32 - 1;

/** Throws unless `append` is the next entry of a log whose last number is `head`. */
export function refuseUnlessNext({ log, number, body }: Append, head: number): void {
  refuseUnlessName(log);
  if (number !== head + 1 || number > LAST_NUMBER)
    throw new StoreError("failed", `This store can't append number ${number} to a log whose last number is ${head}.`);
  if (!(body instanceof Uint8Array))
    throw new StoreError("failed", "This store can't keep an entry whose body is not bytes.");
}

export function refuseUnlessName(log: string): void {
  if (typeof log !== "string" || log.length === 0 || log.length > LONGEST_NAME)
    throw new StoreError("failed", `A log's name has 1 to ${LONGEST_NAME} characters.`);
}

/** Throws unless it is a range that can be read. */
export function refuseUnlessRange({ log, after, limit, bytes }: Range): void {
  refuseUnlessName(log);
  if (![after, limit, bytes].every((each) => Number.isSafeInteger(each) && each >= 0))
    throw new StoreError("failed", "A range of a log is made of whole numbers that are not negative.");
}

/** Throws unless `through` can be the number of an entry. */
export function refuseUnlessNumber(through: number): void {
  if (!Number.isSafeInteger(through) || through < 0)
    throw new StoreError("failed", "Entries are trimmed up to a whole number that is not negative.");
}
