import { describe, expect, test } from "vitest";
import { HAS_TMUX } from "../helpers/terminal.ts";
import { startFakeChat } from "./start-fake-chat.ts";

describe.skipIf(!HAS_TMUX)("the screen's parts (needs tmux)", () => {
  test("TU-1 at 40x10: conversations in a row at the top, messages, status and input", async () => {
    const terminal = await startFakeChat({ columns: 40, rows: 10, messages: 50 });
    const { rows } = await terminal.until("message 50");
    expect(rows).toHaveLength(10);
    expect(rows[0]).toBe("1 🔓 ALL");
    expect(rows.slice(1, 8).map((row) => /message (\d+)$/.exec(row)?.[1])).toEqual([
      "44",
      "45",
      "46",
      "47",
      "48",
      "49",
      "50",
    ]);
    expect(rows[8]).toBe(" alice | read by the server and everybo…");
    expect(rows[9]).toBe("🔓 ALL>");
  });

  test("TU-1 at 80x24: conversations at the left", async () => {
    const terminal = await startFakeChat({ columns: 80, rows: 24, messages: 50 });
    const { rows } = await terminal.until("message 50");
    expect(rows[0]).toMatch(/^1 🔓 ALL {10}\| \d\d:\d\d carol: message 29$/);
    expect(rows[21]).toMatch(/^ {18}\| \d\d:\d\d bob: message 50$/);
    expect(rows[23]).toBe("🔓 ALL (server reads)>");
  });

  test("TU-1 at 200x60: members at the right, and the prompt says that the server reads", async () => {
    const terminal = await startFakeChat({ columns: 200, rows: 60, messages: 100 });
    const { rows } = await terminal.until("message 100");
    expect(rows[0]).toMatch(/^1 🔓 ALL {14}\| \d\d:\d\d carol: message 43 +\| 3 here$/);
    expect(rows.slice(1, 5).map((row) => /\| (\w*)$/.exec(row)?.[1] ?? "")).toEqual(["alice", "bob", "carol", ""]);
    expect(rows[58]).toBe(" alice on chat.example | read by the server and everybody here");
    expect(rows[59]).toBe("🔓 ALL (server reads)>");
  });

  test("TU-1 a resize draws everything for the new size, and what is written stays", async () => {
    const terminal = await startFakeChat({ columns: 80, rows: 24, messages: 50 });
    await terminal.type("half a thought");
    await terminal.until("half a thought");
    for (const [columns, rows] of [
      [200, 60],
      [40, 10],
      [100, 30],
      [20, 4],
      [80, 24],
    ] as const) {
      // prettier-ignore
      await terminal.resize(columns, rows);
      await terminal.until(
        ({ rows: drawn, text }) =>
          drawn.length === rows &&
          text.includes("message 50") &&
          drawn.at(-1)?.endsWith("half a thought") === true &&
          text.split("half a thought").length === 2,
      );
    }
  });

  test("TU-1 a terminal that is too small says so and works all the same", async () => {
    const terminal = await startFakeChat({ columns: 30, rows: 6, messages: 50 });
    await terminal.until("too small, 40x10 is enough");
    await terminal.type("still here");
    await terminal.press("Enter");
    await terminal.until("alice: still here");
  });
});
