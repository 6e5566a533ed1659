import { isWord } from "../../wire/classic/blanks.ts";
import { Lifecycle, type LifecycleOwner } from "../lifecycle.ts";
import type { Answered, Failure, Outcome, Taken } from "../outcomes.ts";
import { after } from "../transport/index.ts";
import * as commands from "./commands.ts";
import type { Command } from "./commands.ts";
import type { ClientEvent, SessionEvent } from "./events.ts";
import { Listeners } from "../listeners.ts";
import type { ConnectOptions, PadClient } from "./pad-client.ts";
import { Session } from "./session.ts";
import { DEFAULT_TIMINGS } from "./timings.ts";

/** Starts to connect, and returns at once. Throws a RangeError for a port that is none. */
export function connect(options: ConnectOptions): PadClient {
  return new Client(options);
}

class Client implements PadClient {
  readonly id: string;
  readonly #listeners = new Listeners<ClientEvent>();
  readonly #life: Lifecycle<Session>;

  constructor(options: ConnectOptions) {
    const timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.id = options.id;
    this.#life = new Lifecycle({
      open: (owner) =>
        new Session(options, timings, {
          registered: (operator) => owner.online(operator),
          event: (event) => this.#event(event, owner),
          ended: (end) => owner.ended(end),
        }),
      tell: (state) => this.#listeners.tell({ kind: "state", state }),
      after,
      random: options.random ?? Math.random,
      reconnect: options.reconnect ?? "lost",
      backOff: timings,
      stable: timings.stable,
    });
    const { signal } = options;
    const onAbort = () => void this.close();
    signal?.addEventListener("abort", onAbort, { once: true });
    void this.ended().then(() => signal?.removeEventListener("abort", onAbort));
    // Never on the wire: a line break in it would be a command.
    if (!isWord(this.id)) this.#life.endFor({ kind: "refused", error: { reason: "invalid-name" } });
    else if (signal?.aborted === true) this.#life.endFor({ kind: "left" });
    else this.#life.start();
  }

  get state() {
    return this.#life.state;
  }

  onEvent(listener: (event: ClientEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  online = () => this.#life.online();
  ended = () => this.#life.ended();
  close = () => this.#life.close();

  broadcast = (text: string) => this.#ask(commands.broadcast(text));
  send = (to: string, text: string) => this.#askAbout(to, () => commands.direct(this.id, to, text));
  list = () => this.#ask(commands.list());
  info = () => this.#ask(commands.info());
  help = () => this.#ask(commands.help());
  kick = (id: string) => this.#askAbout(id, () => commands.order("kick", id));
  ban = (id: string) => this.#askAbout(id, () => commands.order("ban", id));
  unban = (id: string) => this.#askAbout(id, () => commands.order("unban", id));
  listBans = () => this.#ask(commands.listBans());
  serverInfo = () => this.#ask(commands.serverInfo());

  async #askAbout(id: string, command: () => Command<Taken>): Promise<Outcome> {
    return commands.isRecipient(id) ? this.#ask(command()) : { kind: "not-sent", why: "invalid-recipient" };
  }

  async #ask<T extends Taken | Answered<unknown>>(command: Command<T>): Promise<T | Failure> {
    if (this.#life.isClosing) return { kind: "not-sent", why: "ended" };
    return this.#life.session?.ask(command) ?? { kind: "not-sent", why: "offline" };
  }

  #event(event: SessionEvent, owner: LifecycleOwner): void {
    if (event.kind !== "operator" || owner.operator(event.operator)) this.#listeners.tell(event);
  }
}
