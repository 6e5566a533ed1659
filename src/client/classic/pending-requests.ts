import type { ServerLine } from "../../wire/classic/server-lines.ts";
import type { AnswerReader, Step } from "./blocks.ts";
import type { ConnectionEnd, Failure } from "../outcomes.ts";

interface Request {
  read(line: ServerLine): Step<unknown>["kind"];
  end(why: ConnectionEnd): void;
}

/** The commands of one connection that wait for their answers, oldest first. */
export class PendingRequests {
  readonly #queue: Request[] = [];
  readonly #timeout: number;
  readonly #onSilent: () => void;
  #timer: NodeJS.Timeout | null = null;

  /** `onSilent` is called when the oldest command has got no line of its answer for `timeout` milliseconds. */
  constructor(timeout: number, onSilent: () => void) {
    this.#timeout = timeout;
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
    this.#timer ??= setTimeout(this.#onSilent, this.#timeout);
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
    for (const request of this.#queue.splice(0)) request.end(why);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
