/**
 * A story of several machines, as text that people read and a test plays:
 *
 *   (carol shuts her laptop)                  what happens to a machine, see DEEDS
 *   chat$ kill -9 $(pidof padserve)           the server's administrator, see ADMINISTRATOR
 *   bob-phone$ pad chat bob chat              opens a window there
 *   bob-phone> good morning                   typed in that window, with Enter; `alt-c` is a key
 *   bob-laptop alice-phone| 12:00 bob: …      what is new in these windows; it is awaited
 *   bob-laptop$ pad devices                   another command there, with what it says below it; `| cut -f 3-` may stand behind it
 *   ! what it says on standard error
 *   exit code 4                               where that isn't 0
 */
import { join } from "node:path";
import { readFileSync, readdirSync } from "node:fs";
import { readCommand } from "../cli/transcript/script.ts";
import type { Serving } from "../helpers/serve.ts";
import type { Screen, TestTerminal } from "../helpers/terminal.ts";
import type { TailnetNode } from "./node.ts";
import { Person } from "./person.ts";
import { PATIENCE, SIZE, Window } from "./windows.ts";

export interface Machine {
  readonly node: TailnetNode;
  /** Whose it is. */
  readonly name: string;
}

export class Story {
  readonly #chat: TailnetNode;
  readonly #people: ReadonlyMap<string, Person>;
  readonly #windows = new Map<string, Window>();
  readonly #standIns = new StandIns();
  #server: Serving | null = null;

  constructor(chat: TailnetNode, machines: readonly Machine[]) {
    this.#chat = chat;
    this.#people = new Map(machines.map(({ node, name }) => [node.name, new Person(node, name, chat.name)]));
  }

  /** Plays it, and gives it as it really went: to the first step that goes otherwise. */
  async play(text: string): Promise<string> {
    const played: string[] = [];
    for (const step of stepsOf(text)) {
      const real = await this.#step(step);
      played.push(...real);
      if (real.join("\n") !== step.join("\n") && !GOES_ON) break;
    }
    return played.map((line) => `${line}\n`).join("");
  }

  async #step(step: readonly string[]): Promise<readonly string[]> {
    const [line = ""] = step;
    if (line === "" || line.startsWith("#")) return [line];
    if (line.startsWith("(")) {
      await this.#happens(line.slice(1, -1));
      return [line];
    }
    const [, where = "", how = "", what = ""] = STEP.exec(line) ?? [];
    if (how === "|")
      return await this.#saysIn(
        where.split(" "),
        step.map((row) => STEP.exec(row)?.[3] ?? ""),
      );
    if (how === ">") {
      await this.#type(where, what);
      return [line];
    }
    if (where === "chat") return [line, ...(await this.#administers(what))];
    return [line, ...(await this.#commands(where, what))];
  }

  async #saysIn(where: readonly string[], wanted: readonly string[]): Promise<readonly string[]> {
    const told = await Promise.all(
      where.map(async (machine) => ({
        machine,
        rows: await this.#window(machine).says(wanted, this.#standIns.steady),
      })),
    );
    // Together, as they stand in the story, where all say the same.
    const alike = Map.groupBy(told, ({ rows }) => rows.join("\n"));
    return [...alike.values()].flatMap((same) => {
      const machines = same.map(({ machine }) => machine).join(" ");
      return (same[0]?.rows ?? []).map((row) => `${machines}| ${row}`);
    });
  }

  async #type(machine: string, what: string): Promise<void> {
    const { terminal } = this.#window(machine);
    const [, key] = /^alt-(\w)$/.exec(what) ?? [];
    if (key !== undefined) return await answer(terminal, `M-${key}`);
    const [, room] = /^\/to (#\S+)$/.exec(what) ?? [];
    // A person sees it in the list before they go there: rooms come by themselves, in a moment.
    if (room !== undefined) await terminal.until(({ rows }) => rows[0]?.includes(room) === true, PATIENCE);
    await terminal.type(`${this.#standIns.real(what)}\r`);
  }

  async #commands(machine: string, command: string): Promise<readonly string[]> {
    const person = this.#person(machine);
    const isCut = command.endsWith(CUT);
    const { env, args } = readCommand(this.#standIns.real(isCut ? command.slice(0, -CUT.length) : command), {});
    if (args[0] === "chat") {
      this.#windows.set(machine, new Window(await person.window(args, SIZE)));
      return [];
    }
    const program = person.startWith(env, args);
    program.endInput();
    const { code, stdout, stderr } = await program.exited;
    const printed = linesOf(stdout).map((line) => (isCut ? line.split("\t").slice(2).join("\t") : line));
    const lines = [...printed, ...linesOf(stderr).map((line) => `! ${line}`)];
    return [...lines.map(this.#standIns.steady), ...(code === 0 ? [] : [`exit code ${code}`])];
  }

  async #administers(command: string): Promise<readonly string[]> {
    switch (command) {
      case "padserve serve &":
        this.#server = await this.#chat.serve(this.#server === null ? {} : { data: this.#server.data });
        return [];
      case "kill -9 $(pidof padserve)":
        this.#server?.program.kill("SIGKILL");
        await this.#server?.program.exited;
        return [];
      default: {
        const [, words] = /^grep -rlaE '(.*)' \/var\/lib\/padserve$/.exec(command) ?? [];
        if (words === undefined || this.#server === null) throw new Error(`nobody can: ${command}`);
        const found = filesWith(this.#server.data, new RegExp(words));
        return found.length === 0 ? ["exit code 1"] : found;
      }
    }
  }

  async #happens(deed: string): Promise<void> {
    const [, machine = "", what = ""] = /^(\S+) (is shut|is opened again)/.exec(deed) ?? [];
    if (what === "") return;
    await this.#person(machine).node.tailscale(what === "is shut" ? "down" : "up");
  }

  #person(machine: string): Person {
    const person = this.#people.get(machine);
    if (person === undefined) throw new Error(`no such machine: ${machine}`);
    return person;
  }

  #window(machine: string): Window {
    const window = this.#windows.get(machine);
    if (window === undefined) throw new Error(`no window is open on ${machine}`);
    return window;
  }
}

/** Behind a command: without its first two columns, here a message's number and time. */
const CUT = " | cut -f 3-";
/** For who writes a story: each step shows how it went, after a PATIENCE that may be short then. */
const GOES_ON = process.env["STORY"] === "write";

const STEP = /^([a-z][a-z -]*)([$>|]) ?(.*)$/;

/** A command with what it says, the rows of a window together, all else a line each. */
function stepsOf(text: string): readonly (readonly string[])[] {
  const steps: string[][] = [];
  for (const line of text.trimEnd().split("\n")) {
    const [, where, how] = STEP.exec(line) ?? [];
    const before = steps.at(-1) ?? [];
    const [, lastWhere, lastHow] = STEP.exec(before[0] ?? "") ?? [];
    const isSaid = how === undefined && line !== "" && !line.startsWith("(") && lastHow === "$";
    if (isSaid || (how === "|" && lastHow === "|" && where === lastWhere)) before.push(line);
    else steps.push([line]);
  }
  return steps;
}

/** What is another one in each run, and what stands for it in the story: the first that is seen for the first. */
class StandIns {
  readonly #seen = KINDS.map((): string[] => []);

  steady = (line: string): string =>
    KINDS.reduce(
      (text, { pattern, stands }, kind) =>
        text.replaceAll(pattern, (told) => {
          const seen = this.#seen[kind] ?? [];
          if (!seen.includes(told)) seen.push(told);
          return stands[seen.indexOf(told)] ?? told;
        }),
      line.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-12-01T12:00:00.000Z"),
    );

  real(line: string): string {
    return KINDS.reduce(
      (text, { stands }, kind) =>
        stands.reduce((filled, stand, nth) => filled.replaceAll(stand, this.#seen[kind]?.[nth] ?? stand), text),
      line,
    );
  }
}

const KINDS: readonly { readonly pattern: RegExp; readonly stands: readonly string[] }[] = [
  {
    pattern: /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}(?![-\w])/g,
    stands: ["KQ3F-8H2M-0ZTA-7WVX", "W5JS-F1GQ-Q85D-NSWY"],
  },
  { pattern: /\bpdt1(?:-[0-9A-Z]{2,4})+/g, stands: ["pdt1-7662-7KCW-R1JN-308Y-0ARD-TPNQ-WF"] },
  {
    pattern: /\b\d{5}(?: \d{5}){5}\b/g,
    stands: ["06326 65721 06506 60387 85768 00829", "41870 00932 77105 21946 63017 58824"],
  },
  {
    pattern: /(?<=\t)[\w-]{22}(?=\t|$)/g,
    stands: ["p66ADv9bb3H8JcmfCyLTYw", "VlgxXMvKr24FMN914mvgTA", "Nu10ZKL4dobJGFfGqV4TVQ", "Qm3e0uWcTqK2kS1zq0f1Xw"],
  },
];

/** What has just come to stand above the input takes no key for a second: then it is pressed again, as a person does. */
async function answer(terminal: TestTerminal, key: string): Promise<void> {
  const before = (await terminal.screen()).rows.at(-2);
  const isTaken = ({ rows }: Screen): boolean => rows.at(-2) !== before;
  for (let tries = 0; tries < 10; tries += 1) {
    await terminal.press(key);
    const screen = await terminal.until(isTaken, 1_500).catch(() => null);
    if (screen !== null) return;
  }
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function filesWith(folder: string, words: RegExp): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((file) => join(file.parentPath, file.name))
    .filter((file) => words.test(readFileSync(file, "latin1")));
}
