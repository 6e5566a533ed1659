/**
 * The full screen of `pad chat` over a device of a test: the same view-models and the same picture, in rows of text instead of a terminal's. What
 * stands on it is held against docs/a-server-that-lies.md, whose screens are made so: `WRITE_SCREENS=1 vitest run test/lying-server`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { expect } from "vitest";
import { widthOf } from "../../src/tui/cells/glyphs.ts";
import { Controller } from "../../src/tui/screen/controller.ts";
import { pictureOf } from "../../src/tui/screen/picture.ts";
import { EDGE } from "../../src/tui/screen/regions.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";
import type { Conversation } from "../../src/view/chat/snapshot.ts";
import type { ServedChat } from "../agent/served-chats.ts";
import { PATIENCE } from "../helpers/patience.ts";

const PAGE = join(import.meta.dirname, "../../docs/a-server-that-lies.md");

/** Columns from which conversations stand at the left. */
const COLUMNS = 84;

/** Milliseconds after which the screen is as it will be, where it is written down; a test waits for what is written. */
const STILL = 1500;

const DAY = /── \w+, \d+ \w+ \d+ ─*/;
/** Of a device that waits: another one in each run. */
const CODE = /\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b/g;

/** Somebody before their screen. */
export interface Window {
  /** Writes a line and presses Enter. */
  types(text: string): void;
  text(): string;
  /** Waits until the screen is as the page has it under that name, such as `LI-1 bob`. */
  shows(name: string): Promise<void>;
}

/** Opened now, in #everyone; what was before is cleared away. `isIn`: they are in a room, so that the chat has something to say of them. */
export async function openWindow(
  person: ServedChat,
  { rows = 10, isIn = true }: { readonly rows?: number; readonly isIn?: boolean } = {},
): Promise<Window> {
  const size = { columns: COLUMNS, rows };
  const chat = createChat({
    client: person.chat,
    sealed: person.chat,
    server: "chat",
    now: Date.now,
    settings: { ...DEFAULT_SETTINGS, colours: "none", times: false },
    troubles: [],
    saveSettings: () => null,
    alert: async () => await Promise.resolve(null),
  });
  const controller = new Controller({
    chat,
    histories: new Map(),
    remember: () => {},
    size: () => size,
    redraw: () => {},
    suspend: () => {},
    showBare: () => {},
    leave: () => {},
    now: () => 0,
    after: () => {},
  });
  const text = (): string => textOf(pictureOf(chat.getSnapshot(), controller.getSnapshot(), size));
  // What it tells by itself, a moment after it was opened.
  await expect.poll(() => !isIn || isWhole(chat.getSnapshot().current), { timeout: PATIENCE }).toBe(true);
  // What came before is told by now, and is cleared away with the rest.
  await person.runtime.settled();
  await person.chat.settled();
  chat.submit("/clear");
  return {
    text,
    types(line) {
      controller.stroke({ kind: "text", text: line });
      controller.stroke({ kind: "key", name: "enter" });
    },
    async shows(name) {
      if (process.env["WRITE_SCREENS"] !== undefined) {
        await wait(STILL);
        writeScreen(name, text());
      }
      await expect.poll(text, { timeout: PATIENCE }).toBe(screenOf(name));
    },
  };
}

function isWhole({ older, entries }: Conversation): boolean {
  return (
    older !== "asked" && entries.some(({ kind, text }) => kind === "note" && text.startsWith("No tailnet vouches"))
  );
}

function textOf({ side, bar, pane, status, input, regions }: ReturnType<typeof pictureOf>): string {
  const left = (nth: number): string => {
    const row = stripVTControlCharacters(side[nth] ?? "");
    return `${row}${" ".repeat(Math.max(0, regions.side - EDGE - widthOf(row)))} | `;
  };
  const height = regions.pane.height;
  const middle = Array.from({ length: height }, (_, nth) => left(nth) + (pane[nth - height + pane.length] ?? ""));
  return [...bar, ...middle, ...status, ...input]
    .map((row) => steady(stripVTControlCharacters(row)).trimEnd())
    .join("\n")
    .trimEnd();
}

/** What is another in each run is read as one that stands for all. */
function steady(row: string): string {
  return row.replace(CODE, "2222-2222-2222-2222").replace(DAY, (line) => "── today ".padEnd(line.length, "─"));
}

/** What the page has under that name. */
function screenOf(name: string): string | undefined {
  return blockOf(name).exec(readFileSync(PAGE, "utf8"))?.[1];
}

function writeScreen(name: string, text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const block = `\`\`\`text ${name}\n${text}\n\`\`\``;
  const next = blockOf(name).test(page) ? page.replace(blockOf(name), () => block) : `${page.trimEnd()}\n\n${block}\n`;
  writeFileSync(PAGE, next);
}

function blockOf(name: string): RegExp {
  return new RegExp(`^\`\`\`text ${name}\\n(.*?)\\n\`\`\`$`, "ms");
}
