import type { ServerLine } from "../wire/classic/server-lines.ts";
import type { AnswerReader, Step } from "./blocks.ts";
import type { ConnectionEnd, Failure } from "./outcomes.ts";

interface Flight {
  read(line: ServerLine): Step<unknown>["kind"];
  end(why: ConnectionEnd): void;
}

/** The commands of one connection that wait for their answers, oldest first. */
export class Flights {
  readonly #queue: Flight[] = [];
  readonly #patience: number;
  readonly #onSilent: () => void;
  #timer: NodeJS.Timeout | null = null;

  /** `onSilent` is called when the oldest command has got no line of its answer for `patience` milliseconds. */
  constructor(patience: number, onSilent: () => void) {
    this.#patience = patience;
    this.#onSilent = onSilent;
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
    this.#timer ??= setTimeout(this.#onSilent, this.#patience);
    return promise;
  }

  /** Whether the line belonged to the oldest command's answer. */
  receive(line: ServerLine): boolean {
    const step = this.#queue[0]?.read(line) ?? "foreign";
    if (step === "foreign") return false;
    if (step === "done") this.#queue.shift();
    if (this.#queue.length === 0) this.#stopTimer();
    else this.#timer?.refresh();
    return true;
  }

  /** Nothing more will come: every command ends as unknown, unless its answer is certain already. */
  end(why: ConnectionEnd): void {
    this.#stopTimer();
    for (const flight of this.#queue.splice(0)) flight.end(why);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
