import { describe, expect, test } from "vitest";
import { picture, type, written } from "../../../test/helpers/composer.ts";
import type { Completion } from "../chat/chat.ts";
import { actionOf } from "../keys/table.ts";
import type { Composer } from "./composer.ts";
import type { Input } from "./input.ts";
import { press } from "./press.ts";

const NAMES = ["bob", "ben", "bernd"];

/** Names for the word before the cursor. */
function complete(before: string): Completion {
  const word = /\S*$/.exec(before)?.[0] ?? "";
  return { length: word.length, candidates: NAMES.filter((name) => name.startsWith(word)).map((name) => `${name} `) };
}

function after(start: Composer, ...inputs: readonly (string | Input)[]): Composer {
  return inputs.reduce<Composer>(
    (now, input) =>
      press(now, typeof input === "string" ? actionOf(input)! : input, { complete, askPaste: true }).composer,
    start,
  );
}

describe("Tab", () => {
  const start = written("hi be|, how");

  test("CP-9 goes round the candidates and what was typed", () => {
    expect(picture(after(start, "tab"))).toBe("hi ben |, how");
    expect(picture(after(start, "tab", "tab"))).toBe("hi bernd |, how");
    expect(picture(after(start, "tab", "tab", "tab"))).toBe("hi be|, how");
    expect(picture(after(start, "tab", "tab", "tab", "tab"))).toBe("hi ben |, how");
  });

  test("CP-9 Shift-Tab goes round the other way", () => {
    expect(picture(after(start, "shift-tab"))).toBe("hi bernd |, how");
    expect(picture(after(start, "tab", "shift-tab"))).toBe("hi be|, how");
    expect(picture(after(start, "tab", "shift-tab", "shift-tab"))).toBe("hi bernd |, how");
  });

  test("CP-9 without candidates nothing changes", () => {
    const none = written("hi x|");
    expect(after(none, "tab")).toEqual(none);
    expect(after(none, "shift-tab")).toEqual(none);
  });

  test("CP-9 any other key settles and acts; then Tab completes anew", () => {
    expect(picture(after(start, "tab", type("x")))).toBe("hi ben x|, how");
    expect(picture(after(start, "tab", "ctrl-a"))).toBe("|hi ben , how");
    expect(picture(after(written("be|"), "tab", type("bo"), "tab"))).toBe("ben bob |");
  });

  test("CP-9 Enter settles and hands the text over", () => {
    const settled = press(after(written("be|"), "tab"), actionOf("enter")!, { complete, askPaste: true });
    expect(settled.effect).toEqual({ kind: "submit", text: "ben " });
    expect(settled.composer.mode).toEqual({ kind: "plain" });
  });

  test("CP-9 Esc goes back to what was typed, and one undo too", () => {
    expect(after(start, "tab", "tab", "escape")).toEqual(start);
    expect(picture(after(start, "tab", "tab", "ctrl-_"))).toBe("hi be|, how");
  });

  test("CP-9 a candidate never takes the place of half a character", () => {
    const half = { complete: () => ({ length: 1, candidates: ["bob "] }), askPaste: true };
    expect(picture(press(written("👩|"), actionOf("tab")!, half).composer)).toBe("👩bob |");
  });

  test("CP-2 a name with a line end or an escape sequence is put in without", () => {
    const hostile = { complete: () => ({ length: 2, candidates: ["be\u001b[2J\nn "] }), askPaste: true };
    expect(picture(press(start, actionOf("tab")!, hostile).composer)).toBe("hi be[2J n |, how");
  });
});
