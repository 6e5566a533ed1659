import type { ServerLine } from "../../wire/classic/server-lines.ts";
import type { ConnectionEnd, Failure } from "../outcomes.ts";
import type { AnswerReader, Step } from "./blocks.ts";

interface Request {
  read(line: ServerLine): Step<unknown>["kind"];
  end(why: ConnectionEnd): void;
}

/** What bounds an answer, whatever the server sends. */
export interface AnswerLimits {
  /** Milliseconds for the next line of the oldest request's answer. */
  readonly line: number;
  /** Milliseconds for the whole of it, from when it was the oldest. */
  readonly whole: number;
}

/**
 * What one answer can hold, counted in characters of its lines and in a fixed surcharge for each of them: over forty thousand
 * names, several times what a server of ours has room for.
 */
const ANSWER_SIZE = 4 * 1024 * 1024;
const LINE_COST = 64;

/** The requests of one connection that wait for their answers, oldest first. */
export class PendingRequests {
  readonly #queue: Request[] = [];
  readonly #limits: AnswerLimits;
  readonly #giveUp: (why: ConnectionEnd) => void;
  #lineTimer: NodeJS.Timeout | undefined;
  #wholeTimer: NodeJS.Timeout | undefined;
  #size = 0;

  /** `giveUp` is called when the oldest request's answer takes longer, or is longer, than any answer. */
  constructor(limits: AnswerLimits, giveUp: (why: ConnectionEnd) => void) {
    this.#limits = limits;
    this.#giveUp = giveUp;
  }

  add<T>(reader: AnswerReader<T>): Promise<T | Failure> {
    const { promise, resolve } = Promise.withResolvers<T | Failure>();
    this.#queue.push({
      read(line) {
        const step = reader.read(line);
        if (step.kind === "done") resolve(step.result);
        return step.kind;
      },
      end: (why) => resolve(reader.atEnd?.() ?? { kind: "unknown", why }),
    });
    if (this.#queue.length === 1) this.#startTimers();
    return promise;
  }

  /** Whether the line, of this many characters, belonged to the oldest request's answer. */
  receive(line: ServerLine, length: number): boolean {
    const step = this.#queue[0]?.read(line) ?? "foreign";
    switch (step) {
      case "foreign":
        return false;
      case "done":
        this.#queue.shift();
        this.#stopTimers();
        if (this.#queue.length > 0) this.#startTimers();
        return true;
      case "more":
        this.#lineTimer?.refresh();
        this.#size += length + LINE_COST;
        if (this.#size > ANSWER_SIZE) this.#giveUp({ kind: "oversized" });
        return true;
    }
  }

  /** Nothing more will come: every request ends as unknown, unless its answer is certain already. */
  end(why: ConnectionEnd): void {
    this.#stopTimers();
    for (const request of this.#queue.splice(0)) request.end(why);
  }

  #startTimers(): void {
    const silent = () => this.#giveUp({ kind: "silent" });
    this.#size = 0;
    this.#lineTimer = setTimeout(silent, this.#limits.line);
    this.#wholeTimer = setTimeout(silent, this.#limits.whole);
  }

  #stopTimers(): void {
    clearTimeout(this.#lineTimer);
    clearTimeout(this.#wholeTimer);
  }
}
