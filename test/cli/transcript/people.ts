import type { ClassicPeer } from "../../helpers/classic-peer.ts";
import { runPadserve, scratchFolder, startPadserve } from "../../helpers/program.ts";
import type { TestServer } from "../../helpers/server.ts";

/** The others on the server of a transcript, and what they do there. */
export class People {
  readonly #server: TestServer;
  readonly #present = new Map<string, Person | PersonWithDevice>();

  constructor(server: TestServer) {
    this.#server = server;
  }

  /** Whether the words are somebody's action; then it is done when this resolves. */
  async act(action: string): Promise<boolean> {
    const [, who = "", what = ""] = /^(\S+) (.*)$/.exec(action) ?? [];
    if (what === "is here") {
      this.#present.set(who, new Person(await this.#server.join(who)));
      return true;
    }
    if (what === "has a device") {
      const somebody = new PersonWithDevice(who, this.#server.port);
      this.#present.set(who, somebody);
      await somebody.startAgent();
      await somebody.pad("rooms", "join", "everyone");
      // It can be told from others who are in it.
      for (let isIn = false; !isIn;) isIn = (await somebody.pad("rooms", "members", "everyone")).includes(`*${who}\t`);
      return true;
    }
    const person = this.#present.get(who);
    if (person === undefined) return false;
    await person.act(what);
    return true;
  }

  /** Ends the agents of those who have some. */
  async leave(): Promise<void> {
    const all = [...this.#present.values()];
    await Promise.all(all.map((one) => (one instanceof PersonWithDevice ? one.leave() : Promise.resolve())));
  }
}

/**
 * Whoever is added to a room renews their keys at a time by chance in the next minute (GS-8), which is an entry of its own: a page that tells its
 * messages' numbers would be right in most runs alone. Here it is the minute's end.
 */
const LATE = "data:text/javascript,Math.random=()=>0.999999";

/** Somebody at another machine, with an agent of their own. */
class PersonWithDevice {
  readonly #env: Readonly<Record<string, string>>;

  constructor(name: string, port: number) {
    this.#env = {
      HOME: scratchFolder(),
      PAD_SERVER: `127.0.0.1:${port}`,
      PAD_AS: name,
      PAD_CLASSIC: "",
      PAD_AGENT_IDLE: "60",
    };
  }

  /** It stays until it is told to stop. */
  async startAgent(): Promise<void> {
    const env = { ...this.#env, NODE_OPTIONS: `--import=${LATE}` };
    startPadserve(["agent", "--stay"], { env });
    for (let isThere = false; !isThere;) isThere = (await runPadserve(["agent"], { env: this.#env })).code === 0;
  }

  async act(what: string): Promise<void> {
    const [, said, , room, person] = /^says "(.*?)" (in (#\S+)|to (\S+))$/.exec(what) ?? [];
    if (said !== undefined) return void (await this.pad("send", room ?? person ?? "", said, "--accept-members"));
    const [, read, where] = /^reads "(.*?)" in (\S+)$/.exec(what) ?? [];
    if (read !== undefined) return await this.#reads(read, where ?? "");
    const [, made] = /^makes (#\S+)$/.exec(what) ?? [];
    if (made !== undefined) return void (await this.pad("rooms", "create", made));
    throw new Error(`nobody can: ${what}`);
  }

  async pad(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runPadserve(words, { env: this.#env });
    if (code !== 0) throw new Error(`${words.join(" ")}: ${code} ${stderr}`);
    return stdout;
  }

  async leave(): Promise<void> {
    await runPadserve(["agent", "stop"], { env: this.#env });
  }

  /** What is stored comes at once; this device may still be taking it. */
  async #reads(text: string, where: string): Promise<void> {
    for (let round = 0; round < 50; round += 1) {
      const lines = (await this.pad("history", where)).split("\n");
      if (lines.some((line) => line.endsWith(`\t${text}`))) return;
    }
    throw new Error(`never read ${text} in ${where}`);
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
