import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { after, context, effectOf, paste, picture, pieces, type, written } from "../../../test/helpers/composer.ts";
import { clean, cleanLine } from "./clean.ts";
import { press } from "./press.ts";
import { promptOf } from "./composer.ts";

describe("pastes", () => {
  test("CP-10 one line goes in at the cursor, without the line end that copying leaves", () => {
    expect(picture(after(written("see |."), paste("http://a.b/c")))).toBe("see http://a.b/c|.");
    expect(picture(after(written("|"), paste("make\r")))).toBe("make|");
    expect(picture(after(written("a|"), paste("\r\n")))).toBe("a|");
  });

  test("CP-10 several lines ask first, and say how many", () => {
    const asking = after(written("dra|ft"), paste("one\r\ntwo\rthree\n"));
    expect(picture(asking)).toBe("dra|ft");
    expect(promptOf(asking)).toBe("Insert 3 lines as one message? y/n");
  });

  test("CP-18 a text takes what there is room for, and halves no character", () => {
    const full = after(written("|"), type("a".repeat(65_535)));
    for (const input of [paste("👋👋"), type("👋👋")]) {
      const { text } = after(full, input);
      expect(text).toHaveLength(65_536);
      expect(text.isWellFormed()).toBe(true);
      expect(after(full, type("b"), input).text).toBe(`${"a".repeat(65_535)}b`);
    }
  });

  test("CP-10 yes inserts them as one text that is not sent yet, no drops them", () => {
    const asking = after(written("dra|ft"), paste("one\rtwo"));
    for (const yes of [type("y"), type("Y")]) {
      expect(picture(after(asking, yes))).toBe("draone\ntwo|ft");
      expect(effectOf(asking, yes)).toBeNull();
    }
    for (const no of ["escape", "ctrl-c", "ctrl-g", type("n"), type("N")]) {
      expect(picture(after(asking, no))).toBe("dra|ft");
      expect(promptOf(after(asking, no))).toBeNull();
    }
  });

  test("CP-10 while it is asked, other keys and pastes do nothing, and the screen goes on", () => {
    const asking = after(written("dra|ft"), paste("one\rtwo"));
    expect(after(asking, type("x"), "ctrl-u", "tab", "enter", paste("three"))).toEqual(asking);
    expect(effectOf(asking, "pageup")).toEqual({ kind: "scroll", to: "page-up" });
    expect(after(asking, "pageup")).toEqual(asking);
  });

  test("CP-10 where it is so set, several lines go in without a question", () => {
    const { composer } = press(written("|"), paste("one\rtwo"), { ...context, askPaste: false });
    expect(picture(composer)).toBe("one\ntwo|");
  });

  test("CP-10 a text that begins with several pasted lines is no command, until it is empty again", () => {
    const pasted = after(written("|"), paste("/etc/hosts\r/etc/passwd"), type("y"));
    expect(effectOf(pasted, "enter")).toEqual({ kind: "say", text: "/etc/hosts\n/etc/passwd" });
    expect(effectOf(pasted, "ctrl-c", type("/who"), "enter")).toEqual({ kind: "submit", text: "/who" });
    expect(effectOf(pasted, "ctrl-c", "ctrl-_", "enter")?.kind).toBe("say");
    const more = after(pasted, type("!"), paste("x\ry"), type("y"));
    expect(effectOf(more, "enter")).toEqual({ kind: "say", text: "/etc/hosts\n/etc/passwd!x\ny" });
    const behind = after(written("/msg bob |"), paste("one\rtwo"), type("y"));
    expect(effectOf(behind, "enter")).toEqual({ kind: "submit", text: "/msg bob one\ntwo" });
    expect(effectOf(written("|"), paste("/who"), "enter")).toEqual({ kind: "submit", text: "/who" });
  });

  test("CP-10 that stays so on the way through the history, and does not pass to what is found there", () => {
    const pasted = after(written("|", ["older"]), paste("/a\r/b"), type("y"), "up");
    expect(effectOf(pasted, "up", "enter")).toEqual({ kind: "submit", text: "older" });
    expect(effectOf(pasted, "up", "down", "enter")).toEqual({ kind: "say", text: "/a\n/b" });
  });

  test("CP-2 control characters and direction overrides are dropped, tabs are blanks, line ends are one", () => {
    expect(clean("\u001b[31mred\u0007\u009b0m\u007f")).toBe("[31mred0m");
    expect(clean("a\u202eb\u2066c")).toBe("abc");
    expect(clean("a\tb")).toBe("a    b");
    expect(clean("a\r\nb\rc\u2028d\u0085e")).toBe("a\nb\nc\nd\ne");
    expect(clean("\ud83d!\ude00")).toBe("\ufffd!\ufffd");
    expect(cleanLine("a\r\nb")).toBe("a b");
  });

  test("CP-2 what people write stays, and what is clean stays clean", () => {
    expect(clean("Grüße, 世界 👩‍👩‍👧 می‌خواهم e\u0301")).toBe("Grüße, 世界 👩‍👩‍👧 می‌خواهم e\u0301");
    fc.assert(
      fc.property(fc.oneof(pieces, fc.string({ unit: "binary" })), (text) => {
        expect(clean(clean(text))).toBe(clean(text));
      }),
    );
  });
});
