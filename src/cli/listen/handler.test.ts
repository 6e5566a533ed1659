import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { printer, runner } from "./handler.ts";

const heard = { at: new Date(0), from: "bob", to: "ALL", text: "hello" };

function around(stdout = new PassThrough()) {
  const { PATH } = process.env;
  const silent = new PassThrough();
  return { env: { PATH }, stdin: silent, stdout, stderr: silent, stop: new AbortController().signal };
}

test("CM-14 what is printed waits until it is read, so that a slow reader loses nothing", async () => {
  const stdout = new PassThrough({ highWaterMark: 1 });
  const print = printer(({ text }) => text, around(stdout));
  let printed = false;
  const printing = print(heard).then(() => (printed = true));
  await new Promise(setImmediate);
  expect(printed).toBe(false);
  expect(String(stdout.read())).toBe("hello");
  await printing;
});

test("CM-13 a name that no environment can hold is written out, and harms nobody", async () => {
  const notes: string[] = [];
  const check = 'test "$PAD_FROM" = "a\\\\u0000b" && test "$PAD_TO" = ALL && test "$PAD_SERVER" = chat';
  const run = runner(
    ["sh", "-c", check],
    "chat",
    around(),
    (line) => notes.push(line),
    () => notes.push("cannot"),
  );
  await run({ ...heard, from: "a\u0000b" });
  expect(notes).toEqual([]);
  await run({ ...heard, from: "bob" });
  expect(notes).toEqual(["sh exited with 1."]);
});

test("CM-13 a name that is longer than an environment can hold is told of, and the next message is handled", async () => {
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  await runner(["sh", "-c", "exit 1"], "chat", around(), note, () => note("cannot"))({
    ...heard,
    from: "x".repeat(200_000),
  });
  expect(notes).toEqual(["sh could not be started (E2BIG)."]);
  await runner(["/no/such/program"], "chat", around(), note, () => note("cannot"))(heard);
  expect(notes).toEqual([expect.any(String), "/no/such/program could not be started (ENOENT).", "cannot"]);
});
