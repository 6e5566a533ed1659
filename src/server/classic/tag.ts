import type { ClassicError } from "../../wire/classic/errors.ts";

/** What a line asked for, where the core's words don't say it: it comes back with the answer. */
export class ClassicTag {
  readonly asked: "key" | "help" | "info" | "server-info" | ClassicError;

  constructor(asked: ClassicTag["asked"]) {
    this.asked = asked;
  }
}
