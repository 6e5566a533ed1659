import { describe, expect, test } from "vitest";
import { HAS_TMUX, type Screen, type TestTerminal } from "../helpers/terminal.ts";
import { startFakeChat } from "./start-fake-chat.ts";

describe.skipIf(!HAS_TMUX)("the messages (needs tmux)", () => {
  test("TU-5 new messages don't move a scrolled pane; a marker counts them, End goes to them", async () => {
    const terminal = await startFakeChat({ messages: 100 });
    await terminal.until("message 100");
    await terminal.press("PageUp");
    const before = pane(await terminal.until("more below: End"));
    expect(before[0]).toContain("message 59");
    // Asked for by another way than the input, since sending goes to the newest.
    await terminal.signal("SIGUSR2");
    const after = pane(await terminal.until("── 1 new below, 22 in all: End"));
    expect(after.slice(0, -1)).toEqual(before.slice(0, -1));
    await terminal.press("End");
    expect(pane(await terminal.until("message 101")).at(-1)).toContain("message 101");
  });

  test("TU-5 Home goes to the oldest, PageDown and Shift-Up move on from there", async () => {
    const terminal = await startFakeChat({ messages: 100 });
    await terminal.press("Home");
    const top = pane(await terminal.until(/message 1$/m));
    expect(top[0]).toMatch(/── Wednesday,? 25 November 2026 ──/);
    expect(top.at(-1)).toContain("── 80 more below: End");
    await terminal.press("PageDown");
    await terminal.until(({ rows }) => rows[0]?.endsWith("message 20") === true);
    await terminal.press("S-Up");
    await terminal.until(({ rows }) => rows[0]?.endsWith("message 19") === true);
    await terminal.press("S-Down");
    await terminal.until(({ rows }) => rows[0]?.endsWith("message 20") === true);
    await terminal.press("End");
    const bottom = pane(await terminal.until("message 100"));
    expect(bottom.at(-1)).toContain("message 100");
  });

  test("TU-7 a row that the terminal finds wider than we do pushes nothing down", async () => {
    const terminal = await startFakeChat({ columns: 40, rows: 10 });
    // This tmux counts the parts of such a family on their own.
    await terminal.type("👨‍👩‍👧‍👦👋🏽".repeat(12));
    await terminal.until("👋🏽");
    await terminal.press("Enter");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL>");
    await terminal.type("on");
    await terminal.until(
      ({ rows }) => rows.at(-1) === "🔓 ALL> on" && rows.at(-2)?.startsWith(" alice | read by the server") === true,
    );
    await terminal.press("C-l");
    await terminal.type("e");
    // Drawn afresh in more than one write, so all of it is waited for.
    await terminal.until(
      ({ rows }) =>
        rows.at(-1) === "🔓 ALL> one" &&
        rows.at(-2)?.startsWith(" alice | read by the server") === true &&
        rows[0] === "1 🔓 ALL",
    );
  });

  test("TU-6 a conversation's unread messages are counted, and begin below a line", async () => {
    const terminal = await startFakeChat({ columns: 100, messages: 5 });
    await happen(terminal, "!direct psst");
    await terminal.until(/^2 🔓 bob +1 \|/m);
    await terminal.press("M-a");
    const { rows } = await terminal.until("bob: psst");
    expect(rows.findIndex((row) => row.includes("── unread ─"))).toBe(
      rows.findIndex((row) => row.includes("bob: psst")) - 1,
    );
    expect(rows.at(-1)).toMatch(/^🔓 bob \(server reads\)>/);
    await terminal.press("M-1");
    await terminal.until(({ rows: drawn }) => drawn.at(-1)?.startsWith("🔓 ALL") === true);
  });

  test("TU-6 each conversation keeps what is being written in it", async () => {
    const terminal = await startFakeChat();
    await happen(terminal, "!direct psst");
    await terminal.until(/2 🔓 bob +1/);
    await terminal.type("for all");
    await terminal.press("M-2");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 bob (server reads)>");
    await terminal.type("for bob");
    await terminal.press("M-Up");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> for all");
    await terminal.press("M-Down");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 bob (server reads)> for bob");
  });

  test("TU-7 what others send is shown, never obeyed", async () => {
    const terminal = await startFakeChat({ columns: 100 });
    await happen(terminal, String.raw`!say \u001b[2J\u001b]0;title\u0007 \u202eabc \u009b31m`);
    const { text, rows } = await terminal.until("bob: ");
    expect(text).toContain("bob: ␛[2J␛]0;title␇ <U+202E>abc <U+009B>31m");
    expect(rows.at(-1)?.startsWith("🔓 ALL")).toBe(true);
    expect(await terminal.state("#{pane_title}")).not.toBe("title");
  });

  test("TU-7 further lines of a message don't look like somebody else's", async () => {
    const terminal = await startFakeChat({ columns: 60 });
    await happen(terminal, String.raw`!say look\u000a12:00 carol: I agree`);
    const { rows } = await terminal.until("bob: look");
    expect(rows.find((row) => row.includes("I agree"))).toBe("      12:00 carol: I agree");
  });

  test("TU-8 a lost connection is said, and what is written stays until it can be sent", async () => {
    const terminal = await startFakeChat();
    await happen(terminal, "!lose");
    await terminal.until("not connected, trying again");
    await terminal.type("keep me\r");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> keep me");
    await terminal.press("C-u");
    await happen(terminal, "!find");
    await terminal.until(({ text }) => !text.includes("not connected"));
  });
});

/** Above status and input. */
function pane({ rows }: Screen): readonly string[] {
  return rows.slice(0, -2);
}

async function happen(terminal: TestTerminal, what: string): Promise<void> {
  await terminal.type(`${what}\r`);
}
