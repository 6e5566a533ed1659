import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { ProcessContext } from "../../args/command.ts";
import { createScreen, type Screen } from "./line-screen.ts";

interface Terminal {
  readonly screen: Screen;
  readonly stdin: PassThrough;
  readonly shown: () => string;
}

function terminal(isTTY: boolean, env: ProcessContext["env"] = {}, columns = 80): Terminal {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const out = Object.assign(new PassThrough(), { isTTY, columns });
  const chunks: string[] = [];
  out.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  const screen = createScreen({ env, stdin, stdout: out, stderr: out, stop: new AbortController().signal });
  return { screen, stdin, shown: () => chunks.join("") };
}

async function all(lines: AsyncIterable<readonly string[]>): Promise<string[]> {
  const read: string[] = [];
  for await (const together of lines) read.push(together.join("|"));
  return read;
}

test("CM-6 what was piped in and ended before anybody read it is read all the same", async () => {
  const { screen, stdin } = terminal(false);
  stdin.end("one\ntwo\n");
  await new Promise((resolve) => stdin.once("close", resolve));
  expect(await all(screen.lines(new AbortController().signal))).toEqual(["one", "two"]);
});

test("CM-6 there is no prompt in a pipe", async () => {
  const { screen, stdin, shown } = terminal(false);
  stdin.end("one\n");
  await all(screen.lines(new AbortController().signal));
  screen.said("bob: hi");
  expect(shown()).toBe("bob: hi\n");
});

test("CM-6 what comes in stands above the line being typed, which stays", async () => {
  const { screen, stdin, shown } = terminal(true);
  const stop = new AbortController();
  const reading = all(screen.lines(stop.signal));
  stdin.write("hel");
  await new Promise(setImmediate);
  screen.note("bob is here");
  expect(shown()).toContain("> hel");
  expect(shown()).toMatch(/-- bob is here\n[^]*> hel[^]*$/);
  stdin.write("lo\r");
  await new Promise(setImmediate);
  stop.abort();
  expect(await reading).toEqual(["hello"]);
});

test("CM-6 a line being typed that is several rows high stays whole, and so does what stands above it", async () => {
  const { screen, stdin, shown } = terminal(true, {}, 10);
  const stop = new AbortController();
  const reading = all(screen.lines(stop.signal));
  // Key by key, as it is typed: at each edge readline remembers how many rows there are.
  for (const key of "a line of three rows") {
    stdin.write(key);
    await new Promise(setImmediate);
  }
  const before = shown().length;
  screen.note("hi");
  expect(shown().slice(before).split("\u001b")).toEqual([
    "",
    "[2A",
    "[1G",
    "[0J-- hi\n",
    "[1G",
    "[0J> a line of three rows",
    "[3G",
  ]);
  stop.abort();
  await reading;
});

test("CM-6 a dumb terminal gets no escape sequence", async () => {
  const { screen, stdin, shown } = terminal(true, { TERM: "dumb" });
  const reading = all(screen.lines(new AbortController().signal));
  screen.note("bob is here");
  stdin.end("hello\n");
  expect(await reading).toEqual(["hello"]);
  expect(shown()).toBe("> \n-- bob is here\n> \n");
});

test("CM-6 on a terminal that is closed, or was never typed at, there is still something to say", async () => {
  const { screen, shown } = terminal(true);
  screen.note("before");
  screen.close();
  screen.note("after");
  await all(screen.lines(AbortSignal.abort()));
  screen.note("at last");
  expect(shown()).toContain("-- before\n-- after\n-- at last\n");
});

test("CM-27 lines that are pasted come together, with brackets and without, and the last without its end", async () => {
  const { screen, stdin, shown } = terminal(true);
  const stop = new AbortController();
  const reading = all(screen.lines(stop.signal));
  stdin.write("\u001b[200~one\rtwo\rthree\u001b[201~");
  await until(() => !shown().endsWith("three") && shown().includes("three"));
  stdin.write("four\rfive\r");
  await new Promise(setImmediate);
  stop.abort();
  expect(await reading).toEqual(["one|two|three", "four|five"]);
  // The terminal was asked for brackets, and is asked to leave them away again.
  expect(shown()).toMatch(/\[\?2004h[^]*\[\?2004l/);
});

test("CM-27 a paste whose end never comes keeps nobody from writing", async () => {
  const { screen, stdin } = terminal(true);
  const lines = screen.lines(new AbortController().signal)[Symbol.asyncIterator]();
  stdin.write("\u001b[200~one\rtwo\r");
  expect(await lines.next()).toMatchObject({ value: ["one", "two"] });
  stdin.write("three\r");
  expect(await lines.next()).toMatchObject({ value: ["three"] });
  screen.close();
});

test("CM-26 a terminal's reply is not typed into the line", async () => {
  const { screen, stdin } = terminal(true);
  const lines = screen.lines(new AbortController().signal)[Symbol.asyncIterator]();
  stdin.write("he\u001b]11;rgb:1e1e/1e1e/1e1e\u001b\\llo\r");
  expect(await lines.next()).toMatchObject({ value: ["hello"] });
  screen.close();
});

test("CM-25 on a terminal nothing of what others say begins a row", () => {
  const { screen, shown } = terminal(true, {}, 40);
  screen.said(`bob: ${" ".repeat(80)}12:34 carol: I quit`);
  const [first, ...rows] = shown().trimEnd().split("\n");
  expect(first).toMatch(/^[0-9]{2}:[0-9]{2} bob:/);
  expect(rows.every((row) => row.startsWith("        "))).toBe(true);
  expect(rows.join(" ")).toContain("carol: I quit");
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(setImmediate);
}
