import type { Notice } from "../../core/notices.ts";
import { decodeClientLine, type ClientValue, type KeyReading } from "../../wire/classic/client-lines.ts";
import { sharedKey, type KeyPair } from "../../wire/classic/key-exchange.ts";
import { padLength } from "../../wire/classic/pad-writer.ts";
import type { ProtocolSession, SessionLink } from "../session/protocol.ts";
import { PreKeyQueue } from "./pre-key-queue.ts";
import { ending, toCommand } from "./inbound.ts";
import { ClassicTag } from "./tag.ts";
import { NOTHING, outputLength, type ClassicOutput } from "./outbound.ts";
import type { Scratch } from "./scratch.ts";

/** What every classic session shares. */
export interface ClassicServices {
  readonly keyPair: KeyPair;
  readonly encode: (notice: Notice) => ClassicOutput;
  readonly scratch: Scratch;
  /** Most bytes that are held for a peer without a key. */
  readonly mostHeld: number;
  /** How many hear a broadcast. */
  readonly readers: () => number;
}

/** The classic protocol's side of a session: lines become commands, notices become lines; the keys of one connection. */
export class ClassicSession implements ProtocolSession {
  readonly #session: SessionLink;
  readonly #services: ClassicServices;
  readonly #preKeyQueue: PreKeyQueue;
  #reading: KeyReading | null = null;
  /** What lines are read with; it may turn out that it was sent too early. */
  #key: Uint8Array | null = null;
  /** The last key that was accepted. */
  #agreedKey: Uint8Array | null = null;
  /** Null: nothing was heard. Most connections are idle, and most turns bring one output. */
  #outputs: ClassicOutput[] | null = null;

  constructor(session: SessionLink, services: ClassicServices) {
    this.#session = session;
    this.#services = services;
    this.#preKeyQueue = new PreKeyQueue(services.mostHeld);
  }

  get held(): number {
    return this.#preKeyQueue.bytes;
  }

  onMessage(line: Buffer): void {
    const { reading, value } = decodeClientLine(this.#reading, line);
    this.#reading = reading;
    if (value === null) return;
    const session = this.#session;
    switch (value.kind) {
      case "public-key":
        this.#agree(sharedKey(this.#services.keyPair, value.key));
        return;
      case "invalid-key":
        this.#agree(null);
        return;
      case "exit":
        session.post({ kind: "end", session: session.id, refusal: null });
        return;
      case "broadcast":
      case "direct":
        this.#say(value);
        return;
      default:
        session.post(toCommand(session.id, value, this.#key));
    }
  }

  onTooLong(): void {
    this.#session.post(ending(this.#session.id, { reason: "line-too-long" }));
  }

  hear(notice: Notice): number {
    const output = this.#services.encode(notice);
    if (!this.#preKeyQueue.isOpen && isMessage(notice)) {
      if (!this.#preKeyQueue.keep(output)) this.#session.drop();
    } else {
      this.#add(output);
      if (isKeyAnswer(notice)) this.#becomeReady();
    }
    return outputLength(output);
  }

  flush(): void {
    if (this.#outputs === null) return;
    this.#services.scratch.send(this.#session.connection, this.#outputs);
    this.#outputs = null;
  }

  onDrain(): void {}

  stop(): void {
    this.#preKeyQueue.stop();
  }

  release(): void {
    for (const output of this.#preKeyQueue.settling) this.#add(output);
  }

  #add(output: ClassicOutput): void {
    if (output === NOTHING) return;
    if (this.#outputs === null) this.#outputs = [output];
    else this.#outputs.push(output);
  }

  /** The flood limit comes before the cipher: a message too many costs next to nothing. */
  #say(value: Extract<ClientValue, { kind: "broadcast" | "direct" }>): void {
    const session = this.#session;
    const isAdmitted =
      value.kind === "direct"
        ? session.admit(value.body.length, 1)
        : // Hex halves; what the cipher adds is small.
          session.admit(padLength(value.payload.length / 2), this.#services.readers());
    session.post(
      isAdmitted
        ? toCommand(session.id, value, this.#key)
        : { kind: "invalid", session: session.id, refusal: { reason: "too-many-messages" }, needs: "registration" },
    );
  }

  /** The key holds at once, for the lines right after it; whoever may not exchange keys yet loses it again. */
  #agree(key: Uint8Array | null): void {
    const { id } = this.#session;
    if (key === null) {
      this.#session.post(ending(id, { reason: "invalid-key" }));
      return;
    }
    this.#key = key;
    this.#session.post(
      { kind: "check", needs: "registration", session: id, tag: new ClassicTag("key") },
      (decision) => {
        if (decision.kind !== "refused") this.#agreedKey = key;
        else if (this.#key === key) this.#key = this.#agreedKey;
      },
    );
  }

  #becomeReady(): void {
    this.#session.ready();
    this.#preKeyQueue.settle((held) => {
      for (const output of held) this.#add(output);
      this.flush();
    });
  }
}

/** The key was in its turn, and the session may talk. */
function isKeyAnswer(notice: Notice): boolean {
  return notice.kind === "answer" && notice.tag instanceof ClassicTag && notice.tag.asked === "key";
}

/** What others say, and what the session didn't ask for; answers to its own commands are never held. */
function isMessage(notice: Notice): boolean {
  return notice.kind === "broadcast" || notice.kind === "direct" || notice.kind === "operator-changed";
}
