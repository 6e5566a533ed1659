import { describe, expect, test, vi } from "vitest";
import { HAS_TMUX, startTerminal, type TestTerminal } from "../helpers/terminal.ts";
import { fakeChatCommand, startFakeChat } from "./start-fake-chat.ts";
import { PATIENCE } from "../helpers/patience.ts";

const LEFT = "The chat is left.";

describe.skipIf(!HAS_TMUX)("leaving and coming back (needs tmux)", () => {
  test("TU-9 Esc goes back to the newest messages, and never leaves", async () => {
    const terminal = await startFakeChat({ messages: 100 });
    await terminal.type("a thought");
    await terminal.press("PageUp");
    await terminal.until("more below");
    await terminal.press("Escape");
    await terminal.until("message 100");
    await terminal.press("C-r");
    await terminal.until("search:");
    await terminal.press("Escape");
    await terminal.until(
      ({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> a thought" && rows.at(-2)?.includes("read by") === true,
    );
    await terminal.press("C-u");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)>");
    await terminal.press("Escape", "C-y");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> a thought");
  });

  test("TU-9 Ctrl-C clears what is written and says for a while that it leaves the second time", async () => {
    const terminal = await startFakeChat();
    await terminal.type("never mind");
    await terminal.until("never mind");
    await terminal.press("C-c");
    await terminal.until(
      ({ rows }) => rows.at(-1) === "🔓 ALL (server reads)>" && rows.at(-2) === " Ctrl-C again leaves",
    );
    // The hint goes with its time.
    await terminal.until(({ rows }) => rows.at(-2)?.includes("read by") === true);
    await terminal.press("C-c");
    await terminal.until("Ctrl-C again leaves");
    await terminal.press("C-c");
    await terminal.until(LEFT);
  });

  test("TU-9 Ctrl-D leaves an empty line, and deletes in another", async () => {
    const terminal = await startFakeChat();
    await terminal.type("ab");
    await terminal.press("C-a", "C-d");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> b");
    await terminal.press("C-d", "C-d");
    await terminal.until(LEFT);
  });

  test.each([
    ["a key", (terminal: TestTerminal) => terminal.press("C-d"), LEFT],
    ["SIGTERM", (terminal: TestTerminal) => terminal.signal("SIGTERM"), LEFT],
    [
      "an error that nobody caught",
      (terminal: TestTerminal) => terminal.type("!fail\r"),
      "Error: a mistake in the program",
    ],
    ["SIGTERM while the messages are bare", (terminal: TestTerminal) => termWhileBare(terminal), LEFT],
  ])("TU-10 the terminal is as it was, after %s", async (_, end, said) => {
    const terminal = await startTerminal({ columns: 80, rows: 24, command: `PS1='ready$ ' exec sh -i` });
    await terminal.until("ready$");
    const before = await modes(terminal);
    await terminal.type(`echo before; ${fakeChatCommand(3)}\r`);
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)>");
    expect(await modes(terminal)).not.toEqual(before);
    await end(terminal);
    const { text } = await terminal.until(new RegExp(`${said}[^]*ready\\$\\s*$`));
    expect(text).toContain("before");
    expect(await modes(terminal)).toEqual(before);
    await terminal.type("stty -a\r");
    await terminal.until(/ icanon [^]* echo /);
  });

  test("TU-10 a terminal that is closed ends the program", async () => {
    const terminal = await startFakeChat({ messages: 3 });
    const pid = Number(await terminal.state("#{pane_pid}"));
    expect(isRunning(pid)).toBe(true);
    await terminal.end();
    await vi.waitUntil(() => !isRunning(pid), { timeout: PATIENCE });
  });

  test("TU-18 a terminal that is closed ends a program that hears of no signal", async () => {
    const terminal = await startTerminal({ columns: 80, rows: 24, command: `trap '' HUP; exec ${fakeChatCommand(3)}` });
    await terminal.until("message 3");
    const pid = Number(await terminal.state("#{pane_pid}"));
    await terminal.end();
    await vi.waitUntil(() => !isRunning(pid), { timeout: PATIENCE });
  });

  test("TU-11 after Ctrl-Z, another size and fg the screen has the new size", async () => {
    const terminal = await startTerminal({ columns: 80, rows: 24, command: `PS1='ready$ ' exec sh -i` });
    await terminal.until("ready$");
    await terminal.type(`${fakeChatCommand(3)}\r`);
    await terminal.until("message 3");
    await terminal.press("C-z");
    await terminal.until(/Stopped[^]*ready\$\s*$/);
    await terminal.resize(120, 30);
    await terminal.type("fg\r");
    await terminal.until(
      ({ rows, text }) => rows.length === 30 && rows.at(-1) === "🔓 ALL (server reads)>" && /\| 3 here$/m.test(text),
    );
    await terminal.type("wider");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> wider");
  });

  test("TU-11 Ctrl-Z gives the terminal back to the shell, and fg comes back to the same screen", async () => {
    const terminal = await startTerminal({ columns: 80, rows: 24, command: `PS1='ready$ ' exec sh -i` });
    await terminal.until("ready$");
    await terminal.type(`${fakeChatCommand(3)}\r`);
    await terminal.until("message 3");
    await terminal.type("half a thou");
    await terminal.until("half a thou");
    await terminal.press("C-z");
    await terminal.until(/Stopped[^]*ready\$\s*$/);
    await terminal.type("echo seen\r");
    await terminal.until(/^seen/m);
    await terminal.type("fg\r");
    await terminal.until(
      ({ rows, text }) => rows.at(-1) === "🔓 ALL (server reads)> half a thou" && text.includes("message 3"),
    );
    await terminal.type("ght");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> half a thought");
  });

  test("TU-11 Ctrl-L draws over whatever has come onto the screen", async () => {
    const terminal = await startFakeChat({ messages: 3 });
    const before = await terminal.until("message 3");
    await terminal.litter("rubbish from elsewhere");
    await terminal.until("rubbish");
    await terminal.press("C-l");
    await terminal.until(({ text }) => text === before.text);
  });

  test("TU-12 bare messages are whole lines without a frame; any key comes back", async () => {
    const terminal = await startFakeChat({ columns: 60, messages: 3 });
    const link = `https://example.org/${"long/".repeat(12)}end`;
    await terminal.type(`see ${link}\r`);
    await terminal.until("alice: see");
    await terminal.press("M-l");
    await terminal.until("any key goes back");
    // As one selects and copies it: rows that the terminal itself has wrapped are joined.
    expect(await terminal.joined()).toContain(`alice see ${link}`);
    await terminal.press("Space");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)>");
    await terminal.type("on it goes");
    await terminal.until(({ rows }) => rows.at(-1) === "🔓 ALL (server reads)> on it goes");
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function termWhileBare(terminal: TestTerminal): Promise<void> {
  await terminal.press("M-l");
  await terminal.until("any key goes back");
  await terminal.signal("SIGTERM");
}

/** What a program may have left behind, as the terminal has it. */
function modes(terminal: TestTerminal): Promise<string> {
  return terminal.state(
    "#{alternate_on} #{cursor_flag} #{bracket_paste_flag} #{keypad_flag} #{keypad_cursor_flag} #{mouse_any_flag}",
  );
}
