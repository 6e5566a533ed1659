import { done, refused, SESSION_GONE } from "../../src/core/decision.ts";
import type { LogEntry } from "../../src/core/ports.ts";
import type { Rules, Verdict } from "../../src/core/rules.ts";

/**
 * A small set of rules with all that a mailbox can be asked for: sessions put notes on shelves (a log each, and a fact with
 * the count), take the oldest note off one (which must be read first), mark how far they have read, and look.
 */
export interface ShelfDomain {
  readonly state: ShelfState;
  readonly command: ShelfCommand;
  readonly event: ShelfEvent;
  readonly fact: ShelfFact;
  readonly refusal: "empty" | "storage-failed" | "busy";
  readonly notice: ShelfNotice;
}

export interface ShelfState {
  readonly shelves: Readonly<Record<string, { readonly last: number; readonly taken: number }>>;
  readonly marks: Readonly<Record<number, number>>;
  readonly gone: readonly number[];
}

export type ShelfCommand =
  | { readonly kind: "put"; readonly session: number; readonly shelf: string; readonly id: number }
  | { readonly kind: "take"; readonly session: number; readonly shelf: string; readonly id: number }
  | { readonly kind: "mark"; readonly session: number; readonly at: number; readonly id: number }
  | { readonly kind: "look"; readonly session: number; readonly id: number }
  | { readonly kind: "shout"; readonly session: number; readonly to: readonly number[]; readonly id: number }
  | { readonly kind: "leave"; readonly session: number; readonly id: number };

export type ShelfFact =
  | { readonly kind: "count"; readonly shelf: string; readonly last: number; readonly taken: number }
  | { readonly kind: "marked"; readonly session: number; readonly at: number };

type ShelfEvent =
  | ShelfFact
  | { readonly kind: "note"; readonly shelf: string; readonly number: number }
  | { readonly kind: "left"; readonly session: number }
  | { readonly kind: "told"; readonly to: readonly number[]; readonly notice: ShelfNotice };

export interface ShelfNotice {
  readonly id: number;
  readonly says: string;
}

export const emptyShelves: ShelfState = { shelves: {}, marks: {}, gone: [] };

/** A note is its command's id. */
export function noteOf(entry: LogEntry): number {
  return new DataView(entry.body.buffer, entry.body.byteOffset).getUint32(0);
}

export const shelfRules: Rules<ShelfDomain> = {
  classOf: ({ kind }) => {
    if (kind === "mark") return "lazy";
    return kind === "look" || kind === "shout" ? "live" : "durable";
  },
  sessionOf: ({ session }) => session,
  sizeOf: () => 100,
  decide,
  apply: (state, event) => {
    switch (event.kind) {
      case "count":
        return { ...state, shelves: { ...state.shelves, [event.shelf]: { last: event.last, taken: event.taken } } };
      case "marked":
        return {
          ...state,
          marks: { ...state.marks, [event.session]: Math.max(event.at, state.marks[event.session] ?? 0) },
        };
      case "left":
        return { ...state, gone: [...state.gone, event.session] };
      case "note":
      case "told":
        return state;
    }
  },
  deliveriesOf: (_before, event) =>
    event.kind === "told" ? [{ to: event.to, except: null, notice: event.notice }] : [],
  storedBy: (event) => {
    switch (event.kind) {
      case "count":
      case "marked":
        return { kind: "fact", fact: event };
      case "note":
        return {
          kind: "append",
          append: { log: event.shelf, number: event.number, body: bodyOf(event.number), lasting: false },
        };
      case "left":
      case "told":
        return null;
    }
  },
  lazyKeyOf: (fact) => (fact.kind === "marked" ? `mark ${fact.session}` : fact.shelf),
  refusedNotice: ({ id }, says) => ({ id, says }),
  storageFailed: "storage-failed",
  busy: "busy",
};

function decide(
  state: ShelfState,
  command: ShelfCommand,
  _at: number,
  readings: ReadonlyMap<string, readonly LogEntry[]>,
): Verdict<ShelfDomain> {
  const { session, id } = command;
  if (state.gone.includes(session)) return SESSION_GONE;
  const told = (says: string): ShelfEvent => ({ kind: "told", to: [session], notice: { id, says } });
  switch (command.kind) {
    case "look":
      return done(told(`${Object.values(state.shelves).reduce((sum, { last }) => sum + last, 0)} notes`));
    case "shout":
      return done({ kind: "told", to: command.to, notice: { id, says: "hey" } });
    case "leave":
      return done<ShelfEvent>({ kind: "left", session });
    case "mark":
      return done<ShelfEvent>(
        { kind: "marked", session, at: Math.max(command.at, state.marks[session] ?? 0) },
        told("marked"),
      );
    case "put": {
      const { last, taken } = state.shelves[command.shelf] ?? { last: 0, taken: 0 };
      const number = last + 1;
      return done<ShelfEvent>(
        { kind: "count", shelf: command.shelf, last: number, taken },
        { kind: "note", shelf: command.shelf, number },
        told(`put ${number}`),
      );
    }
    case "take": {
      const { last, taken } = state.shelves[command.shelf] ?? { last: 0, taken: 0 };
      if (taken === last) return refused("empty");
      const entry = readings.get(command.shelf)?.find(({ number }) => number === taken + 1);
      if (entry === undefined)
        return { kind: "read", ranges: [{ log: command.shelf, after: taken, limit: 3, bytes: 1000 }] };
      return done<ShelfEvent>(
        { kind: "count", shelf: command.shelf, last, taken: taken + 1 },
        told(`took ${noteOf(entry)}`),
      );
    }
  }
}

function bodyOf(number: number): Uint8Array {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, number);
  return body;
}
