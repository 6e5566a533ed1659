import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fakeTty, type FakeKeyboard } from "../../../test/fakes/fake-tty.ts";
import { KEY_TABLE } from "../../view/keys/table.ts";
import { Keyboard } from "./keyboard.ts";
import type { Stroke } from "./parser.ts";

/** What the keys of a terminal send, byte for byte, and what they are to us. */
const XTERM = {
  "\u001b[A": "up",
  "\u001b[B": "down",
  "\u001b[C": "right",
  "\u001b[D": "left",
  "\u001bOA": "up",
  "\u001b[H": "home",
  "\u001b[F": "end",
  "\u001bOH": "home",
  "\u001bOF": "end",
  "\u001b[5~": "pageup",
  "\u001b[6~": "pagedown",
  "\u001b[3~": "delete",
  "\u001b[Z": "shift-tab",
  "\u001b[1;5C": "ctrl-right",
  "\u001b[1;5D": "ctrl-left",
  "\u001b[1;5A": "ctrl-up",
  "\u001b[1;5B": "ctrl-down",
  "\u001b[1;2A": "shift-up",
  "\u001b[1;2B": "shift-down",
  "\u001b[1;3A": "alt-up",
  "\u001b[1;3B": "alt-down",
  "\u001b[1;3C": "alt-right",
  "\u001b[1;3D": "alt-left",
  "\u001b[3;5~": "ctrl-delete",
  "\u007f": "backspace",
  "\u001b\u007f": "alt-backspace",
  "\r": "enter",
  "\u001b\r": "alt-enter",
  "\n": "ctrl-j",
  "\t": "tab",
  "\u0001": "ctrl-a",
  "\u001a": "ctrl-z",
  "\u001f": "ctrl-_",
  "\u001b1": "alt-1",
  "\u001b9": "alt-9",
  "\u001ba": "alt-a",
  "\u001bl": "alt-l",
  "\u001bL": "alt-l",
};
const LINUX_CONSOLE = { "\u001b[1~": "home", "\u001b[4~": "end", "\u001b[3~": "delete", "\u001b[5~": "pageup" };
const RXVT = {
  "\u001b[7~": "home",
  "\u001b[8~": "end",
  "\u001bOa": "ctrl-up",
  "\u001bOc": "ctrl-right",
  "\u001bOd": "ctrl-left",
  "\u001b[a": "shift-up",
  "\u001b[b": "shift-down",
  "\u001b[3^": "ctrl-delete",
  "\u001b\u001b[A": "alt-up",
  "\u001b\u001b[B": "alt-down",
  "\b": "backspace",
};
/** Terminals that tell Shift-Enter apart (CSI u). */
const CSI_U = {
  "\u001b[13;2u": "shift-enter",
  "\u001b[97;5u": "ctrl-a",
  "\u001b[47;5u": "ctrl-/",
  "\u001b[27u": "escape",
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("keys as terminals send them", () => {
  test.each(
    Object.entries({ xterm: XTERM, "the Linux console": LINUX_CONSOLE, rxvt: RXVT, "CSI u": CSI_U }).flatMap(
      ([terminal, keys]) => Object.entries(keys).map(([bytes, name]) => [terminal, bytes, name] as const),
    ),
  )("TU-2 %s: %j", (_, bytes, name) => {
    expect(strokesFor([bytes])).toEqual([key(name)]);
    // With as much time between its bytes as a slow line takes.
    expect(strokesFor(Array.from(bytes), 90)).toEqual([key(name)]);
  });

  test("TU-2 every key of the table can be pressed on some terminal", () => {
    const everywhere = /^(ctrl-[a-z]|alt-[a-z0-9])$/;
    const sent = new Set<string>([XTERM, LINUX_CONSOLE, RXVT, CSI_U].flatMap((keys) => Object.values<string>(keys)));
    const never = KEY_TABLE.flatMap(({ keys }) => keys).filter((name) => !sent.has(name) && !everywhere.test(name));
    expect(never).toEqual([]);
  });

  test("TU-2 many in one read arrive all, in their order", () => {
    expect(strokesFor(["世界 👩‍👩‍👧\u0001\u001b[Dx\t\u007fhéllo\r"])).toEqual([
      { kind: "text", text: "世界 👩‍👩‍👧" },
      key("ctrl-a"),
      key("left"),
      { kind: "text", text: "x" },
      key("tab"),
      key("backspace"),
      { kind: "text", text: "héllo" },
      key("enter"),
    ]);
  });

  test("TU-2 Esc alone is one when nothing follows for a while, and two at once are two", () => {
    expect(strokesFor(["\u001b"])).toEqual([key("escape")]);
    expect(strokesFor(["\u001b\u001b"])).toEqual([key("escape"), key("escape")]);
    expect(strokesFor(["\u001b", "[A"], 110)).toEqual([key("escape"), { kind: "text", text: "[A" }]);
  });

  test("TU-2 what a program was too busy to read in time is read before time is said to be up", () => {
    const { keyboard, stdin, strokes } = start();
    stdin.emit("data", Buffer.from("\u001b"));
    // The time is up, and the rest lies there: both are due in the same turn.
    vi.advanceTimersByTime(100);
    stdin.emit("data", Buffer.from("[A"));
    vi.runAllTimers();
    expect(strokes).toEqual([key("up")]);
    keyboard.off();
  });
});

describe("what nobody has typed", () => {
  test.each([
    ["reports of focus, place, kind and mouse", "\u001b[I\u001b[O\u001b[?1;2c\u001b[24;80R\u001b[<0;1;1M\u001b[M !!"],
    ["the terminal's colour", "\u001b]11;rgb:1e1e/1e1e/1e1e\u001b\\\u001b]10;rgb:ffff/ffff/ffff\u0007"],
    ["a version, and a setting", "\u001bP>|XTerm(390)\u001b\\\u001bP1$r0m\u001b\\"],
    ["an application's and a privacy message", "\u001b_Gi=31;OK\u001b\\\u001b^secret\u001b\\"],
    ["function keys", "\u001bOP\u001b[15~\u001b[[A\u001b[1;2P"],
    ["a paste's end without its beginning", "\u001b[201~"],
  ])("TU-17 is not typed: %s", (_, bytes) => {
    expect(strokesFor([bytes, "x"], 1000)).toEqual([{ kind: "text", text: "x" }]);
    expect(strokesFor([...Array.from(bytes), "x"], 20)).toEqual([{ kind: "text", text: "x" }]);
  });

  test.each([
    ["an answer", "\u001b]11;rgb"],
    ["a key", "\u001b[1;"],
    ["an Esc", "\u001b["],
    ["an Esc of its own", "\u001b"],
    ["an application key", "\u001bO"],
    ["a mouse's report", "\u001b[M"],
    ["a character", Buffer.from("世").subarray(0, 2)],
  ])("TU-17 Ctrl-C gets through at once where the end never comes of %s", (_, bytes) => {
    expect(strokesFor([bytes, "\u0003"]).at(-1)).toEqual(key("ctrl-c"));
  });
});

describe("pastes", () => {
  test("TU-4 what stands between brackets is one paste, whatever it is", () => {
    expect(strokesFor(["a\u001b[200~one\rtwo\u001b[A\u0003\t\u001b[201~b"])).toEqual([
      { kind: "text", text: "a" },
      { kind: "paste", text: "one\rtwo\u001b[A\u0003\t" },
      { kind: "text", text: "b" },
    ]);
  });

  test("TU-17 a paste whose end never comes is one when nothing more comes, and Ctrl-C ends it before", () => {
    expect(strokesFor(["\u001b[200~half"])).toEqual([{ kind: "paste", text: "half" }]);
    expect(strokesFor(["\u001b[200~half", "\u0003"], 500)).toEqual([key("ctrl-c")]);
    expect(strokesFor(["\u001b[200~half", "\u001b[A"], 2000)).toEqual([{ kind: "paste", text: "half" }, key("up")]);
  });

  test("TU-17 of a paste without bound so much is kept, and what follows its end is read", () => {
    const megabyte = "x".repeat(1_048_576);
    const strokes = strokesFor(["\u001b[200~", megabyte, megabyte, "\u001b[20", "1~y"]);
    expect(strokes.map((stroke) => (stroke.kind === "key" ? stroke.name : stroke.text.length))).toEqual([1_048_576, 1]);
  });

  test("TU-17 lines that come at once without brackets are a paste: none goes out", () => {
    const lines = ["one\rtwo\rthree\r"];
    const pasted = [
      { kind: "text", text: "one" },
      { kind: "paste", text: "\rtwo\rthree\r" },
    ];
    expect(strokesFor(lines)).toEqual(pasted);
    expect(strokesFor(["one", "\rtwo\r", "three\r"], 20)).toEqual(pasted);
  });

  test("TU-17 what a person types in lines goes out line by line", () => {
    expect(strokesFor(["hi\r", "you\r", "\r\r"], 30)).toEqual([
      { kind: "text", text: "hi" },
      key("enter"),
      { kind: "text", text: "you" },
      key("enter"),
      key("enter"),
      key("enter"),
    ]);
  });
});

test("TU-2 any bytes give the same strokes in however many reads they come", () => {
  const known = [XTERM, LINUX_CONSOLE, RXVT, CSI_U].flatMap((keys) => Object.keys(keys));
  const harm = [
    "\u001b",
    "\u001b[",
    "\u001bO",
    "\u001b]11;",
    "\u0007",
    "\u001b\\",
    "\u001b[200~",
    "\u001b[201~",
    "\u001b[M",
    "\r",
    "\u0003",
  ];
  const input = fc
    .array(
      fc.oneof(
        fc.constantFrom(...known, ...harm),
        fc.string({ unit: "grapheme", maxLength: 4 }),
        fc.string({ maxLength: 4 }),
      ),
    )
    .map((pieces) => Buffer.from(pieces.join("")));
  fc.assert(
    fc.property(input, fc.array(fc.nat(), { maxLength: 6 }), (bytes, places) => {
      const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
      const reads = [...cuts, bytes.length].map((end, nth) => bytes.subarray(cuts[nth - 1] ?? 0, end));
      expect(joined(strokesFor(reads))).toEqual(joined(strokesFor([bytes])));
      expect(joined(strokesFor(Array.from(bytes, (byte) => Buffer.from([byte]))))).toEqual(joined(strokesFor([bytes])));
    }),
    { numRuns: 300 },
  );
});

test("TU-17 whatever has come, the keyboard is as new a while later", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
      expect(strokesFor([Buffer.from(noise), "\u0003x"], 2000).slice(-2)).toEqual([
        key("ctrl-c"),
        { kind: "text", text: "x" },
      ]);
    }),
    { numRuns: 300 },
  );
});

function key(name: string): Stroke {
  return { kind: "key", name };
}

/** Text in however many strokes is the same text. */
function joined(strokes: readonly Stroke[]): readonly Stroke[] {
  const all: Stroke[] = [];
  for (const stroke of strokes) {
    const last = all.at(-1);
    if (stroke.kind === "text" && last?.kind === "text")
      all[all.length - 1] = { kind: "text", text: last.text + stroke.text };
    else all.push(stroke);
  }
  return all;
}

interface Started {
  readonly keyboard: Keyboard;
  readonly stdin: FakeKeyboard;
  readonly strokes: Stroke[];
}

function start(): Started {
  const { stdin, stdout } = fakeTty(80, 24);
  const strokes: Stroke[] = [];
  const keyboard = new Keyboard({ stdin, stdout, onStroke: (stroke) => void strokes.push(stroke), onGone: () => {} });
  keyboard.on();
  return { keyboard, stdin, strokes };
}

/** What comes of reads with so many milliseconds between them, and then nothing more for long. */
function strokesFor(reads: readonly (string | Uint8Array)[], gap = 0): readonly Stroke[] {
  const { keyboard, stdin, strokes } = start();
  for (const read of reads) {
    stdin.emit("data", Buffer.from(read));
    if (gap > 0) vi.advanceTimersByTime(gap);
  }
  vi.runAllTimers();
  keyboard.off();
  return strokes;
}
