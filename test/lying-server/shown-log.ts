import { EMPTY_LOG, chainHash } from "../../src/agent/group-sessions/log.ts";
import { logEntryOf } from "../../src/agent/delivery/entries.ts";
import type { Entry } from "../../src/wire/frames/groups.ts";

/** The hash of an entry whose hash isn't known. */
export const UNKNOWN = Buffer.alloc(32).toString("base64url");

/** An entry without its place. */
export type Told = Entry extends infer One ? (One extends Entry ? Omit<One, "number" | "hash"> : never) : never;

/**
 * A group's log as one victim is shown it: what is left out, put in or moved has the numbers and hashes that it would have if it were the truth, so
 * that no hash gives the lie away.
 */
export class ShownLog {
  readonly #entries: Entry[] = [];
  /** How many of the shown entries there are behind each real one. */
  readonly #behind = new Map<number, number>();
  /** The number before the first entry shown, and the hash there. */
  #first: { readonly number: number; readonly hash: Uint8Array } | null = null;
  #lastReal = 0;
  /** Something shown was not the truth: from here on numbers and hashes are others than the real ones. */
  #isFalse = false;

  /** The next real entry, and what is shown instead of it (entries of whatever place). */
  take(real: Entry, shown: (real: Entry) => readonly Told[]): readonly Entry[] {
    if (real.number <= this.#lastReal) return [];
    this.#first ??= { number: real.number - 1, hash: EMPTY_LOG };
    const before = this.#entries.length;
    const wanted = shown(real);
    const isTrue = !this.#isFalse && wanted.length === 1 && wanted[0] === real && real.hash !== UNKNOWN;
    if (isTrue) this.#entries.push(real);
    else {
      for (const told of wanted) this.#append(told);
      // A victim's own, which the server doesn't tell it: numbers are as they were.
      if (wanted.length !== 1 || wanted[0] !== real) this.#isFalse = true;
    }
    this.#lastReal = real.number;
    this.#behind.set(real.number, this.#entries.length);
    return this.#entries.slice(before);
  }

  get isFalse(): boolean {
    return this.#isFalse;
  }

  /** Puts one at the end. */
  add(told: Told): Entry {
    this.#isFalse = true;
    this.#first ??= { number: 0, hash: EMPTY_LOG };
    return this.#append(told);
  }

  /** Entries above that number, as they are shown. */
  above(number: number, limit: number): readonly Entry[] {
    return this.#entries.filter((entry) => entry.number > number).slice(0, limit);
  }

  /** Number and hash of the end; null: nothing was shown yet. */
  get end(): Pick<Entry, "number" | "hash"> | null {
    return this.#entries.at(-1) ?? null;
  }

  get lastReal(): number {
    return this.#lastReal;
  }

  /** Where the shown number leads in the real log. */
  realOf(shown: number): number {
    if (this.#first === null || shown <= this.#first.number) return shown;
    const count = shown - this.#first.number;
    let real = this.#first.number;
    for (const [number, behind] of this.#behind) if (behind <= count) real = Math.max(real, number);
    return real;
  }

  shownOf(real: number): number {
    if (this.#first === null) return real;
    // What was put in behind the last one is shown, too.
    if (real >= this.#lastReal) return (this.end?.number ?? this.#first.number) + (real - this.#lastReal);
    if (real <= this.#first.number) return real;
    return this.#first.number + (this.#behind.get(real) ?? 0);
  }

  #append(told: Told): Entry {
    const last = this.#entries.at(-1);
    const [number, before] = [
      (last?.number ?? this.#first?.number ?? 0) + 1,
      last === undefined ? (this.#first?.hash ?? EMPTY_LOG) : Buffer.from(last.hash, "base64url"),
    ];
    const unhashed: Entry = { ...told, number, hash: Buffer.alloc(32).toString("base64url") };
    const hash = Buffer.from(chainHash(before, logEntryOf(unhashed))).toString("base64url");
    const entry = { ...unhashed, hash };
    this.#entries.push(entry);
    return entry;
  }
}
