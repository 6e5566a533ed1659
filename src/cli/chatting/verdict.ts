import { EXIT, type ExitCode } from "../../args/exit-codes.ts";

/** What a program that did many things exits with: by the first of them that came to nothing. */
export class Verdict {
  #code: ExitCode = EXIT.done;

  get code(): ExitCode {
    return this.#code;
  }

  add(code: ExitCode): void {
    if (this.#code === EXIT.done) this.#code = code;
  }
}
