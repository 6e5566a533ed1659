import type { EndCause } from "../../core/events.ts";
import { describeIdentity, type Identity } from "../../core/identity.ts";
import type { Notice } from "../../core/notices.ts";
import { openPad, sealPad } from "../../wire/classic/pad.ts";
import { decodePlainLine, PLAIN_WORDS, textOf, type PlainValue } from "../../wire/plain/lines.ts";
import { encodePlain, messageLine, serverLine } from "../../wire/plain/outgoing.ts";
import { takeTelnetLine, TELNET_START, type TelnetState } from "../../wire/plain/telnet.ts";
import { visibleLine } from "../../text/visible.ts";
import { refusalWords } from "../refusal-words.ts";
import type { Scrollback } from "../scrollback.ts";
import type { ProtocolSession, SessionLink } from "../session/protocol.ts";

/** What every session of the plain door shares. */
export interface PlainServices {
  readonly scrollback: Scrollback;
  /** The identity's own name, claimed before; null: none. */
  readonly ownName: (identity: Identity) => string | null;
  /** What it could be called; null: nothing is known. */
  readonly suggestedName: (identity: Identity) => string | null;
  /** Encodes a message for all who use plain line ends; the same notice is encoded once. */
  readonly encode: (notice: Extract<Notice, { kind: "broadcast" }>) => Buffer;
  /** What the server is called, for the greeting. */
  readonly host: () => string;
  readonly readers: () => number;
  readonly wall: () => number;
  /** Longest line, in bytes. */
  readonly maxLine: number;
}

type State =
  /** The line that opened the door is still to come; what it may hold besides is not said. */
  | { readonly kind: "opening"; readonly name: string | null }
  /** Asked for a name: the next line is one, or, where empty, the suggestion. */
  | { readonly kind: "naming"; readonly suggestion: string | null }
  /** Has given one; lines are messages already, for the commands of a session keep their order. */
  | { readonly kind: "entering"; readonly name: string }
  | { readonly kind: "talking" }
  | { readonly kind: "over" };

/** One person at a terminal, or a script with `nc`: plain lines in, plain lines out. */
export class PlainSession implements ProtocolSession {
  readonly held = 0;
  readonly #session: SessionLink;
  readonly #services: PlainServices;
  readonly #identity: Identity;
  #state: State;
  #telnet: TelnetState = TELNET_START;
  #lineEnd: "\n" | "\r\n" = "\n";
  #outputs: Buffer[] = [];

  constructor(session: SessionLink, identity: Identity, services: PlainServices) {
    this.#session = session;
    this.#services = services;
    this.#identity = identity;
    this.#state = { kind: "opening", name: services.ownName(identity) };
    this.#tell(
      `Padserve on ${visibleLine(services.host())}: the open room.`,
      "Everybody who is connected reads what you write here, and so can the server.",
      "Whoever uses pad may be busy in sealed rooms, which can't be seen from here: they find what you write marked as unread.",
    );
    if (this.#state.name === null) this.#ask();
    this.flush();
  }

  onMessage(bytes: Buffer): void {
    const { state, line, reply } = takeTelnetLine(this.#telnet, bytes, this.#services.maxLine);
    this.#telnet = state;
    if (bytes.includes(0xff)) this.#lineEnd = "\r\n";
    if (reply.length > 0) this.#outputs.push(reply);
    if (line !== null) this.#onLine(line);
    this.flush();
  }

  onTooLong(): void {
    this.#tell(`That line is too long: ${this.#services.maxLine} bytes at most. Goodbye.`);
    this.#leave();
  }

  hear(notice: Notice): number {
    const before = this.#outputs.length;
    this.#take(notice);
    return this.#outputs.slice(before).reduce((sum, { length }) => sum + length, 0);
  }

  flush(): void {
    for (const output of this.#outputs) this.#session.connection.send(output);
    this.#outputs = [];
    this.#session.connection.flush();
  }

  onDrain(): void {}

  stop(): void {
    this.#state = { kind: "over" };
  }

  release(): void {}

  #onLine(line: Buffer): void {
    switch (this.#state.kind) {
      case "opening":
        if (this.#state.name === null) {
          this.#state = { kind: "naming", suggestion: this.#services.suggestedName(this.#identity) };
        } else this.#enter(this.#state.name);
        return;
      case "naming": {
        const given = textOf(line).trim();
        const name = given === "" ? this.#state.suggestion : given;
        if (given.toLowerCase() === "/quit") this.#leave();
        else if (name === null) this.#ask();
        else this.#enter(name);
        return;
      }
      case "entering":
      case "talking":
        this.#do(decodePlainLine(line));
        return;
      case "over":
    }
  }

  #enter(name: string): void {
    const { id } = this.#session;
    this.#state = { kind: "entering", name };
    this.#session.post({ kind: "register", session: id, name }, (decision) => {
      if (decision.kind === "refused" && this.#state.kind === "entering") {
        this.#state = { kind: "naming", suggestion: null };
      }
    });
  }

  #do(value: PlainValue): void {
    const session = this.#session;
    switch (value.kind) {
      case "nothing":
        return;
      case "say":
        this.#say(4 * value.text.length, this.#services.readers(), () =>
          session.post({ kind: "broadcast", session: session.id, text: value.text }),
        );
        return;
      case "direct":
        // Whoever it is for may have a classic client, so it goes as those send it. The server reads either.
        this.#say(4 * value.text.length, 1, () =>
          session.post({ kind: "direct", session: session.id, to: value.to, body: sealPad(value.text) }),
        );
        return;
      case "who":
        session.post({ kind: "list", session: session.id });
        return;
      case "help":
        this.#tell(
          "What you write goes to everybody here.",
          ...PLAIN_WORDS.map(([word, help]) => `${word.padEnd(15)} ${help}`),
        );
        return;
      case "quit":
        this.#leave();
        return;
      case "unknown":
        this.#tell(`There is no ${visibleLine(value.word, 40)} here; /help lists the commands. It was not sent.`);
        return;
      case "wrong-use":
        this.#tell(`Usage: ${value.usage}`);
    }
  }

  #say(bytesForEach: number, readers: number, post: () => void): void {
    if (this.#session.admit(bytesForEach, readers)) post();
    else this.#tell(refusalWords({ reason: "too-many-messages" }));
  }

  #take(notice: Notice): void {
    switch (notice.kind) {
      case "registered":
        this.#welcome(notice.name, notice.operator);
        return;
      case "operator-changed":
        this.#tell(notice.operator ? "You are operator now." : "You are operator no more.");
        return;
      case "refused":
        this.#tell(refusalWords(notice.refusal));
        // The name was refused, so it is asked for again.
        if (this.#state.kind === "naming") this.#ask();
        return;
      case "broadcast":
        this.#outputs.push(this.#lineEnd === "\n" ? this.#services.encode(notice) : this.#message(notice, false));
        return;
      case "direct":
        this.#outputs.push(this.#message({ ...notice, text: openPad(notice.body) ?? "(can't be read)" }, true));
        return;
      case "answer":
        if (notice.answer.kind === "list")
          this.#tell(`Here: ${notice.answer.names.map((name) => visibleLine(name)).join(", ")}`);
        return;
      case "ended":
        if (this.#state.kind !== "over") this.#tell(...lastWords(notice.cause));
        return;
      case "sent-away":
        this.#tell(
          `${visibleLine(notice.name)} was ${notice.how} by ${visibleLine(notice.by)}${because(notice.reason)}`,
        );
        return;
      case "name-passed-on":
        this.#tell(
          `${visibleLine(notice.name)} is another machine now: ${visibleLine(describeIdentity(notice.to))}, instead of ${visibleLine(describeIdentity(notice.from))}, which is gone.`,
        );
        return;
      case "broadcast-sent":
      case "direct-sent":
      // What a machine says by HTTP comes and goes with each message: too much to tell somebody without a client.
      case "came":
      case "went":
    }
  }

  #welcome(name: string, operator: boolean): void {
    this.#state = { kind: "talking" };
    this.#session.ready();
    const lines = this.#services.scrollback.lines();
    if (lines.length > 0) {
      this.#tell(
        lines.length === 1 ? "The last line before you came:" : `The last ${lines.length} lines before you came:`,
      );
      this.#outputs.push(
        encodePlain(
          lines.map((line) => messageLine({ ...line, direct: false })),
          this.#lineEnd,
        ),
      );
    }
    this.#tell(
      `You are ${name} here${operator ? ", and operator" : ""}. What you write goes to everybody; /help says more.`,
    );
  }

  #ask(): void {
    const suggestion =
      this.#state.kind === "naming" ? this.#state.suggestion : this.#services.suggestedName(this.#identity);
    this.#tell(
      suggestion === null
        ? "What should others call you? Type a name, and Enter."
        : `What should others call you? Type a name, or Enter alone for ${suggestion}.`,
    );
  }

  #leave(): void {
    this.#state = { kind: "over" };
    this.#session.post({ kind: "end", session: this.#session.id, refusal: null });
  }

  #message({ from, text }: { readonly from: string; readonly text: string }, direct: boolean): Buffer {
    return encodePlain([messageLine({ at: this.#services.wall(), from, text, direct })], this.#lineEnd);
  }

  #tell(...lines: readonly string[]): void {
    this.#outputs.push(encodePlain(lines.map(serverLine), this.#lineEnd));
  }
}

function lastWords(cause: EndCause): string[] {
  switch (cause.kind) {
    case "left":
      return ["Goodbye."];
    case "kicked":
      return [`An operator has sent you away${because(cause.reason)} You may come back.`];
    case "banned":
      return [`An operator has banned you${because(cause.reason)}`];
    case "refused":
      return [`${refusalWords(cause.refusal)} Goodbye.`];
  }
}

/** The end of a sentence, with a reason where there is one. */
function because(reason: string | null): string {
  return reason === null ? "." : `: ${visibleLine(reason, 200)}`;
}
