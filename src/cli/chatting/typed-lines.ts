import type { Interface } from "node:readline";
import type { Readable } from "node:stream";

/** Lines that came at once, oldest first: one, where it was typed; several, where they were pasted. */
export type TypedLines = readonly [string, ...string[]];

/** Milliseconds: who types is slower from one Enter to the next, and a paste is faster. */
const TOGETHER = 30;
/** Milliseconds without a key after which a paste is over, whether its end has come or not. */
const PASTE_TIMEOUT = 500;
/** UTF-16 units of a paste that are kept: far more than a message can hold, so that it is told as too long. */
const MOST_PASTED = 1024 * 1024;

interface Key {
  readonly name?: string;
}

/**
 * What is typed at a terminal, with lines that were pasted kept together: by the brackets that most terminals put around a paste
 * (`ESC [200~`), and where there are none by how fast they come.
 */
export class TypedLineReader {
  readonly #reader: Interface;
  readonly #ready: TypedLines[] = [];
  #batch: string[] = [];
  #size = 0;
  #pasting = false;
  #open = true;
  #timer: NodeJS.Timeout | undefined;
  #wake = Promise.withResolvers<void>();

  /** `keys` is the stream that `reader` reads, which tells its keys. */
  constructor(reader: Interface, keys: Readable) {
    this.#reader = reader;
    reader.on("line", (line) => this.#line(line));
    reader.on("close", () => this.#close());
    keys.on("keypress", (_: unknown, key: Key | undefined) => this.#key(key?.name));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TypedLines> {
    for (;;) {
      const next = this.#ready.shift();
      if (next !== undefined) yield next;
      else if (this.#open) await this.#wake.promise;
      else return;
    }
  }

  #key(name: string | undefined): void {
    if (name === "paste-start") {
      this.#pasting = true;
    } else if (name === "paste-end" && this.#pasting) {
      this.#pasting = false;
      this.#takeRest();
      if (this.#batch.length > 0) this.#flush();
      return;
    }
    if (this.#pasting) this.#flushIn(PASTE_TIMEOUT);
  }

  #line(line: string): void {
    if (this.#size <= MOST_PASTED) this.#batch.push(line);
    this.#size += line.length;
    this.#flushIn(this.#pasting ? PASTE_TIMEOUT : TOGETHER);
  }

  /** The last line of a paste has no end of its own, and belongs to it all the same. */
  #takeRest(): void {
    const rest = this.#reader.line;
    if (this.#batch.length === 0 || rest === "") return;
    this.#batch.push(rest);
    this.#reader.write(null, { ctrl: true, name: "e" });
    this.#reader.write(null, { ctrl: true, name: "u" });
  }

  #flushIn(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), delay);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#pasting = false;
    const [first, ...more] = this.#batch.splice(0);
    this.#size = 0;
    if (first !== undefined) this.#ready.push([first, ...more]);
    this.#awaken();
  }

  #close(): void {
    this.#open = false;
    this.#flush();
  }

  #awaken(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}
