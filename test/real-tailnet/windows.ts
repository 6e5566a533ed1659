import { setTimeout as delay } from "node:timers/promises";
import type { TestTerminal } from "../helpers/terminal.ts";

/** Narrow enough that a window has no columns beside what is said, and so high that nothing leaves it. */
export const SIZE = { columns: 69, rows: 120 } as const;

/** A window of `pad chat`, read as far as it says something new. */
export class Window {
  readonly terminal: TestTerminal;
  /** Rows that were read, of each conversation, without what changes behind them. */
  readonly #read = new Map<string, readonly string[]>();

  constructor(terminal: TestTerminal) {
    this.terminal = terminal;
  }

  /**
   * The rows of the conversation on the screen that were not read before: as soon as they are the wanted ones; else, after a while,
   * whatever they are. Then they are read. In which order the window speaks for itself (`--`) differs from run to run.
   * @param steady what is another one in each run stands there as it does in `wanted`
   */
  async says(wanted: readonly string[], steady: (row: string) => string): Promise<readonly string[]> {
    const give = performance.now() + PATIENCE;
    for (;;) {
      const { conversation, rows } = await said(this.terminal);
      const steadied = rows.map(steady);
      const found = this.#new(conversation, steadied);
      const isAsWanted = isAlike(found, wanted);
      if (isAsWanted || performance.now() > give) {
        this.#read.set(conversation, steadied.map(withoutTicks));
        return isAsWanted ? wanted : found;
      }
      await delay(50);
    }
  }

  #new(conversation: string, rows: readonly string[]): readonly string[] {
    const read = [...(this.#read.get(conversation) ?? [])];
    return rows.filter((row) => {
      const nth = read.indexOf(withoutTicks(row));
      if (nth !== -1) read.splice(nth, 1);
      return nth === -1;
    });
  }
}

/** Milliseconds; a connection that was lost is tried again after up to thirty seconds. */
export const PATIENCE = Number(process.env["PATIENCE"] ?? 45_000);

interface Said {
  /** Empty when the chat is over. */
  readonly conversation: string;
  readonly rows: readonly string[];
}

/** Without the conversations above it, status and prompt below it, and the lines between days, and before what is unread. */
async function said(terminal: TestTerminal): Promise<Said> {
  const { rows: screen } = await terminal.screen();
  const [, conversation = ""] = /^\S+ (\S+) \(.*>/.exec(screen.at(-1) ?? "") ?? [];
  // What is left behind a chat that is over the terminal itself has broken into rows.
  const rows = conversation === "" ? (await terminal.joined()).split("\n") : screen.slice(1, -2);
  const between = rows.map((row) => row.trimEnd()).filter((row) => row !== "" && !row.startsWith("──"));
  return { conversation, rows: between.map((row) => row.replace(CLOCK, "12:00")) };
}

const CLOCK = /^\d\d:\d\d(?= )/;

function withoutTicks(row: string): string {
  return row.replace(/ ✓+$/, "");
}

function isAlike(rows: readonly string[], wanted: readonly string[]): boolean {
  const [found, asked] = [apart(rows), apart(wanted)];
  const isSame =
    found.texts.length === asked.texts.length && found.texts.every((text, nth) => says(text, asked.texts[nth]));
  return isSame && found.notes.join("\n") === asked.notes.join("\n");
}

/** Behind one's own words a second tick may follow the first at any time, where one is asked for. */
function says(text: string, asked = ""): boolean {
  return text === asked || (asked.endsWith(" ✓") && text === `${asked}✓`);
}

/** What the window says of itself, in some order, and what people say, in theirs; a row that begins with a blank belongs to the one before it. */
function apart(rows: readonly string[]): Record<"notes" | "texts", readonly string[]> {
  const entries: string[] = [];
  for (const row of rows) {
    if (row.startsWith(" ")) entries.push(`${entries.pop() ?? ""}\n${row}`);
    else entries.push(row);
  }
  return { notes: entries.filter(isNote).toSorted(), texts: entries.filter((entry) => !isNote(entry)) };
}

function isNote(entry: string): boolean {
  return entry.startsWith("12:00 -- ");
}
