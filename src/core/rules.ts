import type { Decision } from "./decision.ts";
import type { SessionId } from "./events.ts";
import type { Append, Delivery, LogEntry, LogId, Range, Trim } from "./ports.ts";

/** The types that one set of rules works with. */
export interface Domain {
  readonly state: unknown;
  readonly command: unknown;
  readonly event: unknown;
  /** What must outlive the process, besides the entries of logs. */
  readonly fact: unknown;
  readonly refusal: unknown;
  readonly notice: unknown;
}

/**
 * What a command may need of the store.
 * - `live`: changes no state and stores nothing, whatever the state is, so it never waits for a commit of others
 * - `durable`: may change state or store something; nobody hears of it before it is stored
 * - `lazy`: changes state at once and is written behind; losing it costs a repetition and nothing else. Its events must be
 *   right in any order with the events of durable commands.
 */
export type CommandClass = "live" | "durable" | "lazy";

/** Entries that were read for a command because `decide` asked for them, by log. */
export type Readings = ReadonlyMap<LogId, readonly LogEntry[]>;

/** `read`: what memory doesn't hold is needed first; the command is decided again when it is there. */
export type Verdict<D extends Domain> =
  | Decision<D["event"], D["refusal"]>
  | { readonly kind: "read"; readonly ranges: readonly Range[] };

/** What an event leaves in the store. */
export type Stored<F> =
  | { readonly kind: "fact"; readonly fact: F }
  | { readonly kind: "append"; readonly append: Append }
  | { readonly kind: "trim"; readonly trim: Trim };

/** A pure set of rules that a mailbox can run. Nothing in it does any input or output, and nothing throws. */
export interface Rules<D extends Domain> {
  readonly classOf: (command: D["command"]) => CommandClass;
  /** Whose answers keep an order. Null: the server itself asks. */
  readonly sessionOf: (command: D["command"]) => SessionId | null;
  /** Bytes that the command takes while it waits, roughly. */
  readonly sizeOf: (command: D["command"]) => number;
  /** @param at milliseconds since 1970. */
  readonly decide: (state: D["state"], command: D["command"], at: number, readings: Readings) => Verdict<D>;
  readonly apply: (state: D["state"], event: D["event"]) => D["state"];
  /** @param before the state in which the event happens. */
  readonly deliveriesOf: (before: D["state"], event: D["event"]) => readonly Delivery<D["notice"]>[];
  /** Null: the event is gone with the process. */
  readonly storedBy: (event: D["event"]) => Stored<D["fact"]> | null;
  /** Of two lazy facts with one key only the later is written. */
  readonly lazyKeyOf: (fact: D["fact"]) => string;
  /** What a session hears when its command is refused. */
  readonly refusedNotice: (command: D["command"], refusal: D["refusal"]) => D["notice"];
  readonly storageFailed: D["refusal"];
  /** Others were quicker with what this command had read, again and again. */
  readonly busy: D["refusal"];
}
