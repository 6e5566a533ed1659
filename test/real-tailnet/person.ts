import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { LAUNCHER, startPadserve, type Exit, type Program } from "../helpers/program.ts";
import { startTerminal, type TestTerminal } from "../helpers/terminal.ts";
import type { TailnetNode } from "./node.ts";

/**
 * Somebody at a node, with a home folder and so a device of their own there, for one server. Their agent is started by the first command,
 * in the node's namespace, and ends with the test.
 */
export class Person {
  readonly name: string;
  readonly node: TailnetNode;
  readonly #env: Readonly<Record<string, string>>;
  readonly #through: readonly string[];

  /** @param token confirms this device without anybody at it */
  constructor(node: TailnetNode, name: string, server: string, token: string | null = null) {
    homes += 1;
    const home = join(node.host.folder, `home-${homes}`);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    this.name = name;
    this.node = node;
    // A device is called after its machine, and so has the node's name and not this one's.
    this.#through = [...node.through, "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', node.name];
    this.#env = {
      HOME: home,
      PAD_SERVER: server,
      PAD_AS: name,
      PAD_CLASSIC: "",
      PADSERVE_TAILSCALE_SOCKET: node.socket,
      ...(token !== null && { PAD_DEVICE_TOKEN: token }),
    };
    onTestFinished(() => this.goAway());
  }

  /** `pad …`, running. */
  start(...words: readonly string[]): Program {
    return this.startWith({}, words);
  }

  /** The same with more in its environment. */
  startWith(env: Readonly<Record<string, string>>, words: readonly string[]): Program {
    return startPadserve(words, { through: this.#through, env: { ...this.#env, ...env } });
  }

  /** `pad …` in a terminal of its own. */
  window(words: readonly string[], size: { readonly columns: number; readonly rows: number }): Promise<TestTerminal> {
    const command = [...this.#through, process.execPath, LAUNCHER, ...words].map(quoted).join(" ");
    // What it says in the end stays to be read.
    return startTerminal({ ...size, command: `${command}; exec cat`, env: this.#env });
  }

  /** `pad …` to its end, whatever that is. */
  run(...words: readonly string[]): Promise<Exit> {
    return this.start(...words).exited;
  }

  /** `pad …`, which must succeed. */
  async pad(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words);
    if (code !== 0) throw new Error(`${this.name}: pad ${words.join(" ")}: exit code ${code}\n${stderr}`);
    return stdout;
  }

  /** Comes into #everyone, as with the first window. */
  async comesIn(): Promise<void> {
    await this.pad("rooms", "join", "#everyone");
  }

  /** Who is in a room, as `name kind identity`; resolves when these are all, which this device may still have to hear. */
  async sees(room: string, ...people: readonly string[]): Promise<void> {
    await this.#untilPrinted(["rooms", "members", room], (lines) => {
      const found = lines.map((line) => line.replace(/^\*/, "").split("\t").slice(0, 3).join(" "));
      return found.toSorted().join() === [...people].toSorted().join();
    });
  }

  /** Resolves when these are all in a room, as `name kind identity: what the own Tailscale says of them`. */
  async marks(room: string, ...people: readonly string[]): Promise<void> {
    await this.#untilPrinted(["rooms", "members", room], (lines) => {
      const found = lines.map((line) => {
        const [name, kind, identity, , , tailnet] = line.replace(/^\*/, "").split("\t");
        return `${name} ${kind} ${identity}: ${tailnet}`;
      });
      return found.toSorted().join("\n") === people.toSorted().join("\n");
    });
  }

  /** Resolves when a conversation's history is these texts, each once and in this order: `from text`. */
  async hasRead(where: string, ...texts: readonly string[]): Promise<void> {
    await this.#untilPrinted(["history", where], (lines) => textsOf(lines).join("\n") === texts.join("\n"));
  }

  /** Resolves when the last of a conversation's history are these: what was said before a device was there it may lack. */
  async endsWith(where: string, ...texts: readonly string[]): Promise<void> {
    await this.#untilPrinted(["history", where], (lines) => {
      return textsOf(lines).slice(-texts.length).join("\n") === texts.join("\n");
    });
  }

  /** Resolves when these are in a conversation's history, each once; others may be, too. */
  async hasReadAtLeast(where: string, ...texts: readonly string[]): Promise<void> {
    await this.#untilPrinted(["history", where], (lines) => {
      const found = textsOf(lines);
      return texts.every((text) => found.filter((each) => each === text).length === 1);
    });
  }

  /** The same in any order: what several people sent again to a restored server comes as they do. */
  async hasReadInAnyOrder(where: string, ...texts: readonly string[]): Promise<void> {
    const wanted = texts.toSorted().join("\n");
    await this.#untilPrinted(["history", where], (lines) => textsOf(lines).toSorted().join("\n") === wanted);
  }

  /** The ids of their devices that are confirmed, as this one is told; resolves when there are so many. */
  async devices(count: number): Promise<readonly string[]> {
    let found: readonly string[] = [];
    await this.#untilPrinted(["devices"], (lines) => {
      const confirmed = lines.map((line) => line.split("\t")).filter(([, status]) => status === "confirmed");
      found = confirmed.map(([, , , id = ""]) => id);
      return found.length === count;
    });
    return found;
  }

  /** The id of this device. */
  async ownId(): Promise<string> {
    const devices: { id: string; this: boolean }[] = JSON.parse(await this.pad("devices", "--json"));
    const own = devices.find((device) => device.this);
    if (own === undefined) throw new Error(`${this.name} has no device here`);
    return own.id;
  }

  /** This device asks to be one of its person's, and another of theirs confirms it by the code that it shows. */
  async confirmedBy(other: Person): Promise<void> {
    const { code, stderr } = await this.run("send", "#everyone", "too early");
    const [shown] = /[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}/.exec(stderr) ?? [];
    if (code !== 12 || shown === undefined)
      throw new Error(`${this.name}: exit code ${code}, and no code in: ${stderr}`);
    await other.pad("devices", "confirm", shown);
    // It hears of it in a moment.
    await this.#untilPrinted(["devices"], (lines) => lines.some((line) => /^\*.*\tconfirmed\t/.test(line)));
  }

  /** Their agent ends, as when the computer is shut down. */
  async goAway(): Promise<void> {
    await this.run("agent", "stop");
  }

  /** What a command prints changes with what the agent hears; each asking takes a process, and that is wait enough. */
  async #untilPrinted(words: readonly string[], satisfies: (lines: readonly string[]) => boolean): Promise<void> {
    let last = "";
    for (let round = 0; round < ROUNDS; round += 1) {
      const { code, stdout, stderr } = await this.run(...words);
      last = `${stdout}${stderr}exit code ${code}`;
      if (satisfies(stdout.split("\n").filter((line) => line !== ""))) return;
    }
    throw new Error(`${this.name}: pad ${words.join(" ")} still says\n${last}`);
  }
}

/** `from text`, of what `pad history` prints of messages; what it says of gaps has no number. */
function textsOf(lines: readonly string[]): readonly string[] {
  const messages = lines.map((line) => line.split("\t")).filter(([number]) => number !== "-");
  return messages.map(([, , from, text]) => `${from} ${text}`);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

const ROUNDS = 60;
let homes = 0;
