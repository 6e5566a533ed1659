import { describe, expect, test } from "vitest";
import { HAS_TMUX } from "../helpers/terminal.ts";
import { startFakeChat } from "./start-fake-chat.ts";

const PROMPT = "🔓 ALL (server reads)> ".length;

describe.skipIf(!HAS_TMUX)("writing (needs tmux)", () => {
  test("TU-2 keys edit as in readline, and Enter sends", async () => {
    const terminal = await startFakeChat();
    await terminal.type("brown fox");
    await terminal.press("C-a");
    await terminal.type("quick ");
    await terminal.press("C-e", "C-w");
    await terminal.type("dog");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> quick brown dog");
    await terminal.press("Enter");
    const { rows } = await terminal.until("alice: quick brown dog");
    expect(rows.at(-1)).toBe("🔓 ALL (server reads)>");
  });

  test("TU-17 lines that come at once without brackets ask, and none goes out", async () => {
    const terminal = await startFakeChat();
    await terminal.type("first line\rsecond 世界\rthird");
    await terminal.until("Insert 3 lines as one message?");
    await terminal.type("y");
    const { text } = await terminal.until(
      ({ rows }) => rows.slice(-3).join("\n") === "🔓 ALL (server reads)> first line\nsecond 世界\nthird",
    );
    expect(text).not.toContain("alice:");
  });

  test.each([
    ["plain letters", "hello", 5],
    ["wide characters", "世界", 4],
    ["an accent that is a mark of its own", "caf\u0065\u0301", 4],
    ["an emoji", "hi 👋", 5],
    ["a flag of two letters", "🇩🇪", 2],
    ["Hangul in letters", "\u1112\u1161\u11ab", 2],
  ])("TU-3 the cursor stands behind what is written: %s", async (_, text, cells) => {
    const terminal = await startFakeChat();
    await terminal.type(text);
    await terminal.until(({ cursor }) => cursor.x === PROMPT + cells && cursor.y === 23);
    await terminal.press("Left");
    await terminal.press("BSpace");
    await terminal.press("C-a");
    const { rows } = await terminal.until(({ cursor }) => cursor.x === PROMPT);
    expect(rows.at(-1)?.startsWith("🔓 ALL (server reads)>")).toBe(true);
  });

  test("TU-3 a wide character never reaches over the edge, and a long text takes more rows and then scrolls", async () => {
    const terminal = await startFakeChat({ columns: 40, rows: 12 });
    await terminal.type("世".repeat(16));
    // 8 and 32 cells fill the row; the cursor has its own.
    await terminal.until(
      ({ cursor, rows }) => cursor.x === 0 && cursor.y === 11 && rows[10]?.startsWith("🔓 ALL> 世") === true,
    );
    await terminal.type("界");
    await terminal.until(({ cursor, rows }) => cursor.x === 2 && rows[11] === "界");
    await terminal.type("a".repeat(200));
    await terminal.type("the end");
    const { rows } = await terminal.until("the end");
    expect(rows.filter((row) => /^a*(the end)?$/.test(row) && row !== "").length).toBeLessThanOrEqual(4);
    await terminal.press("C-a");
    await terminal.until(
      ({ cursor, rows: drawn }) => cursor.x === 8 && drawn[cursor.y]?.startsWith("🔓 ALL> 世") === true,
    );
  });

  test("TU-2 Alt-Enter makes a line, Up and Down move between lines", async () => {
    const terminal = await startFakeChat();
    await terminal.type("one");
    await terminal.press("M-Enter");
    await terminal.type("two");
    await terminal.until(
      ({ cursor, rows }) => rows[22] === "🔓 ALL (server reads)> one" && rows[23] === "two" && cursor.x === 3,
    );
    await terminal.press("Up");
    await terminal.until(({ cursor }) => cursor.y === 22 && cursor.x === PROMPT + 3);
    await terminal.press("Enter");
    const { rows } = await terminal.until("alice: one");
    expect(rows[22]?.includes("read by")).toBe(true);
    expect(rows[21]?.trimEnd().endsWith(" two")).toBe(true);
  });

  test("TU-2 Tab completes names, and again the next", async () => {
    const terminal = await startFakeChat();
    await terminal.type("bo");
    await terminal.press("Tab");
    await terminal.until(({ cursor }) => cursor.x === PROMPT + "bob ".length);
    await terminal.press("C-u");
    await terminal.press("Tab", "Tab");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> bob");
    await terminal.press("BTab");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> alice");
  });

  test("TU-2 Ctrl-R searches what was written, Up brings it back", async () => {
    const terminal = await startFakeChat();
    await terminal.type("the first thing\r");
    await terminal.until("alice: the first thing");
    await terminal.type("the second thing\r");
    await terminal.until("alice: the second thing");
    await terminal.press("C-r");
    await terminal.type("first");
    await terminal.until(
      ({ rows }) =>
        rows.at(-2)?.includes("search: first") === true && rows.at(-1) === "🔓 ALL (server reads)> the first thing",
    );
    await terminal.press("Escape");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)>");
    await terminal.press("Up");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> the second thing");
  });

  test("TU-4 a paste of several lines asks, and is then one text to be sent", async () => {
    const terminal = await startFakeChat();
    await terminal.paste("first\nsecond\nthird");
    await terminal.until("Insert 3 lines as one message?");
    await terminal.type("y");
    await terminal.until(({ rows }) => rows.slice(-3).join("\n") === "🔓 ALL (server reads)> first\nsecond\nthird");
    await terminal.press("C-c", "C-c");
    await terminal.until("The chat is left.");
  });

  test("TU-4 a paste of several lines can be refused; one line goes in, without what a terminal would obey", async () => {
    const terminal = await startFakeChat();
    await terminal.paste("first\nsecond");
    await terminal.until("Insert 2 lines");
    await terminal.press("Escape");
    await terminal.until(({ text }) => !text.includes("Insert "));
    await terminal.paste("harmless \u001b[31m text");
    const { rows } = await terminal.until("harmless");
    expect(rows.at(-1)).toMatch(/^🔓 ALL \(server reads\)> harmless .*\[31m text$/);
  });
});
