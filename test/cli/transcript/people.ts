import type { ClassicPeer } from "../../helpers/classic-peer.ts";
import type { TestServer } from "../../helpers/server.ts";

/** The others on the server of a transcript, and what they do there. */
export class People {
  readonly #server: TestServer;
  readonly #present = new Map<string, Person>();

  constructor(server: TestServer) {
    this.#server = server;
  }

  /** Whether the words are somebody's deed; then it is done when this resolves. */
  async act(deed: string): Promise<boolean> {
    const [, who = "", what = ""] = /^(\S+) (.*)$/.exec(deed) ?? [];
    if (what === "is here") {
      this.#present.set(who, new Person(await this.#server.join(who)));
      return true;
    }
    const person = this.#present.get(who);
    if (person === undefined) return false;
    await person.act(what);
    return true;
  }
}

class Person {
  readonly #peer: ClassicPeer;
  /** Messages that came while an answer was awaited. */
  readonly #unread: string[] = [];

  constructor(peer: ClassicPeer) {
    this.#peer = peer;
  }

  async act(what: string): Promise<void> {
    const [, heard, from] = /^hears "(.*)" from (\S+)$/.exec(what) ?? [];
    if (heard !== undefined) return this.#hears(heard, from ?? "");
    const [, text, to] = /^says "(.*?)"(?: to (\S+))?$/.exec(what) ?? [];
    if (text !== undefined)
      return this.#says(text.replaceAll(String.raw`\n`, "\n").replaceAll(String.raw`\e`, "\u001b"), to);
    const [, target] = /^kicks (\S+)$/.exec(what) ?? [];
    if (target === undefined) throw new Error(`nobody can: ${what}`);
    this.#peer.say(`KICK ${target}`);
  }

  async #says(text: string, to: string | undefined): Promise<void> {
    if (to === undefined) {
      this.#peer.broadcast(text);
      await this.#until("BROADCAST SENT");
    } else {
      this.#peer.direct(to, text);
      // A direct message has no answer; what is asked behind it has.
      this.#peer.say("LIST");
      await this.#until("END_RESPONSE");
    }
  }

  async #hears(text: string, from: string): Promise<void> {
    const message = this.#peer.read(this.#unread.shift() ?? (await this.#peer.line()));
    if (message.text.replaceAll("\n", String.raw`\n`) !== text || message.from !== from) {
      throw new Error(`heard ${JSON.stringify(message)}`);
    }
  }

  async #until(last: string): Promise<void> {
    const lines = await this.#peer.until(last);
    this.#unread.push(...lines.filter((line) => line.startsWith("BROADCAST from") || line.startsWith("MESSAGE from")));
  }
}
