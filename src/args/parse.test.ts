import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Options } from "./options.ts";
import { parseCommandLine } from "./parse.ts";
import type { CommandSpec } from "./spec.ts";

const options = {
  port: { kind: "number", placeholder: "N", min: 1, max: 65535, help: "" },
  wait: { kind: "number", placeholder: "S", min: 0, max: 10, fractions: true, help: "" },
  loud: { kind: "flag", help: "" },
  name: { kind: "text", placeholder: "NAME", help: "" },
  mood: { kind: "text", placeholder: "MOOD", oneOf: ["good", "bad"], help: "" },
  listen: { kind: "texts", placeholder: "ADDRESS", help: "" },
} as const satisfies Options;
const spec: CommandSpec<typeof options> = {
  name: "try",
  summary: "",
  words: "WHO [WHAT]",
  quotes: "a room with its quotes: '#ops'",
  minWords: 1,
  maxWords: 2,
  options,
  hints: { as: "write the name first" },
  examples: [],
};

describe("reading a command line", () => {
  test("CF-1 options become values of their kinds, the rest words", () => {
    const argv = ["bob", "--port", "80", "--wait=0.5", "--loud", "--listen", "a", "--listen", "b,c", "--mood", "bad"];
    expect(parseCommandLine(spec, argv)).toEqual({
      kind: "run",
      words: ["bob"],
      rest: null,
      values: { port: 80, wait: 0.5, loud: true, listen: ["a", "b", "c"], mood: "bad" },
    });
  });

  test.each([
    [["--prot", "1", "bob"], "--prot"],
    [["--port", "x", "bob"], "--port takes a whole number from 1 to 65535"],
    [["--port", "0", "bob"], "--port takes a whole number from 1 to 65535"],
    [["--port", "1.5", "bob"], "--port takes a whole number from 1 to 65535"],
    [["--wait", "11", "bob"], "--wait takes a number from 0 to 10"],
    [["--mood", "odd", "bob"], "--mood is one of good, bad"],
    [["--name", "", "bob"], "--name takes NAME"],
    [["--port"], "--port takes N, and none is given"],
    [["--name", "--loud"], "--name takes NAME, and none is given"],
    [["--port", "-1"], '--port takes a whole number from 1 to 65535, not "-1"'],
    [["--wait", "-0.5"], '--wait takes a number from 0 to 10, not "-0.5"'],
    [["--as", "x"], "There is no --as here: write the name first"],
    [[], "something is missing: WHO [WHAT] (a room with its quotes: '#ops')"],
    [["a", "b", "c"], "too many words: c"],
  ])("CF-2 %j is wrong use, and says what and where", (argv, words) => {
    const parsed = parseCommandLine(spec, argv);
    expect(parsed).toMatchObject({ kind: "wrong" });
    expect(parsed.kind === "wrong" && parsed.message).toContain(words);
    expect(parsed.kind === "wrong" && parsed.message).toContain("padserve try --help");
  });

  test("CF-3 help wins over everything before a double dash", () => {
    expect(parseCommandLine(spec, ["--nonsense", "-h"])).toEqual({ kind: "help" });
    expect(parseCommandLine(spec, ["bob", "--", "--help"])).toMatchObject({ kind: "run", words: ["bob", "--help"] });
  });

  test("CF-10 only a command that takes a command line of others' leaves alone what stands behind a double dash", () => {
    const takes = { ...spec, rest: "COMMAND" };
    expect(parseCommandLine(takes, ["bob", "--loud", "--", "sh", "-c", "--port"])).toMatchObject({
      words: ["bob"],
      rest: ["sh", "-c", "--port"],
      values: { loud: true },
    });
    expect(parseCommandLine(takes, ["bob", "--"])).toMatchObject({ kind: "wrong" });
    expect(parseCommandLine(spec, ["bob", "--", "-5"])).toMatchObject({ words: ["bob", "-5"], rest: null });
  });

  test("CF-10 who forgets the double dash before words with a dash is told of it", () => {
    expect(parseCommandLine(spec, ["bob", "-5"])).toMatchObject({
      message: "Unknown option '-5'; put words that begin with a dash after --\nTry: padserve try --help",
    });
  });

  test("CF-4 no words whatever make it throw", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("--port", "--loud", "--", "-x"))), (argv) => {
        expect(["run", "help", "wrong"]).toContain(parseCommandLine(spec, argv).kind);
      }),
    );
  });
});
