import { render, useInput } from "ink";
import { createElement, Fragment } from "react";
import { describe, expect, onTestFinished, test } from "vitest";
import { strokesOf, type Stroke } from "../../src/tui/keys/strokes.ts";
import { KEY_TABLE } from "../../src/view/keys/table.ts";
import { fakeTty } from "../fakes/fake-tty.ts";

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

describe("keys as terminals send them", () => {
  test.each(
    Object.entries({ xterm: XTERM, "the Linux console": LINUX_CONSOLE, rxvt: RXVT, "CSI u": CSI_U }).flatMap(
      ([terminal, keys]) => Object.entries(keys).map(([bytes, name]) => [terminal, bytes, name] as const),
    ),
  )("TU-2 %s: %j", async (_, bytes, name) => {
    expect(await strokesFor(bytes)).toEqual([{ kind: "key", name }]);
  });

  test("TU-2 every key of the table can be pressed on some terminal", () => {
    const everywhere = /^(ctrl-[a-z]|alt-[a-z0-9])$/;
    const sent = new Set<string>([XTERM, LINUX_CONSOLE, RXVT, CSI_U].flatMap((keys) => Object.values<string>(keys)));
    const never = KEY_TABLE.flatMap(({ keys }) => keys).filter((key) => !sent.has(key) && !everywhere.test(key));
    expect(never).toEqual([]);
  });

  test("TU-2 many in one read arrive all, in their order", async () => {
    expect(await strokesFor("héllo\r世界 👩‍👩‍👧\u0001\u001b[Dx\t\u007f")).toEqual([
      { kind: "text", text: "héllo" },
      { kind: "key", name: "enter" },
      { kind: "text", text: "世界 👩‍👩‍👧" },
      { kind: "key", name: "ctrl-a" },
      { kind: "key", name: "left" },
      { kind: "text", text: "x" },
      { kind: "key", name: "tab" },
      { kind: "key", name: "backspace" },
    ]);
  });

  test("TU-2 two Escs at once are two; one alone is one when nothing follows it (leaving.test.ts)", async () => {
    expect(await strokesFor("\u001b\u001b")).toEqual([
      { kind: "key", name: "escape" },
      { kind: "key", name: "escape" },
    ]);
  });

  test("TU-2 what a terminal answers or reports is not typed", async () => {
    expect(await strokesFor("\u001b[I\u001b[O\u001b[?1;2c\u001b[24;80R\u001b[<0;1;1M")).toEqual([]);
  });
});

/** What comes out of Ink and `strokesOf` for bytes that come in at once. */
async function strokesFor(bytes: string): Promise<readonly Stroke[]> {
  const { stdin, stdout } = fakeTty(80, 24);
  const strokes: Stroke[] = [];
  function Listener(): ReturnType<typeof createElement> {
    useInput((input, key) => {
      if (input === END) over.resolve();
      else strokes.push(...strokesOf(input, key));
    });
    return createElement(Fragment);
  }
  const over = Promise.withResolvers<void>();
  const ink = render(createElement(Listener), {
    stdin,
    stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
  });
  onTestFinished(() => ink.unmount());
  await ink.waitUntilRenderFlush();
  stdin.write(bytes);
  await ink.waitUntilRenderFlush();
  stdin.write(END);
  await over.promise;
  return strokes;
}

/** A key that nobody has. */
const END = "\u{10fffd}";
