import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readText } from "./read-text.ts";

const goOn = new AbortController().signal;

function piped(...chunks: readonly Uint8Array[]): PassThrough {
  const stdin = new PassThrough();
  for (const chunk of chunks) stdin.write(chunk);
  stdin.end();
  return stdin;
}

test("CM-7 what is piped in is the text, however it comes in pieces, less one line end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", minLength: 1 }), fc.nat(), async (text, cut) => {
      const bytes = Buffer.from(`${text}\n`);
      const at = cut % bytes.length;
      const whole = await readText("-", piped(bytes.subarray(0, at), bytes.subarray(at)), 1000, goOn);
      // A carriage return before it goes with the line end.
      expect(whole).toEqual(text === "\r" ? { wrong: expect.any(String) } : { text: text.replace(/\r$/, "") });
    }),
  );
});

test.each([
  ["\r\n", "There is nothing to send"],
  ["", "There is nothing to send"],
  ["éé\n", "longer than 3 bytes"],
])("CM-7 %j is told of", async (text, words) => {
  expect(await readText("-", piped(Buffer.from(text)), 3, goOn)).toEqual({ wrong: expect.stringContaining(words) });
});

test("CM-7 an input that fails is told of", async () => {
  const stdin = piped(Buffer.from("half of it"));
  stdin.destroy(Object.assign(new Error("bad file descriptor"), { code: "EBADF" }));
  const wrong = "Nothing was sent: standard input can't be read (EBADF).";
  expect(await readText("-", stdin, 1000, goOn)).toEqual({ wrong });
});

test("CM-7 the line end doesn't count", async () => {
  expect(await readText("-", piped(Buffer.from("abc\r\n")), 3, goOn)).toEqual({ text: "abc" });
});

test("CM-4 whoever interrupts it while it reads is not kept waiting for the end of what is piped in", async () => {
  const stop = new AbortController();
  const stdin = new PassThrough();
  stdin.write("half");
  const reading = readText("-", stdin, 1000, stop.signal);
  await new Promise(setImmediate);
  stop.abort("SIGINT");
  expect(await reading).toBeNull();
});
