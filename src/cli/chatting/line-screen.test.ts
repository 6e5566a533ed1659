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

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const read: string[] = [];
  for await (const line of lines) read.push(line);
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
  expect(shown()).toBe("> \n-- bob is here\n> > \n");
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
