import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { after, effectOf, paste, picture, type, written } from "../../../test/helpers/composer.ts";
import { type Composer, promptOf } from "./composer.ts";

const history = ["make tea", "Tea is ready", "coffee", "tea", "tea", "good night"];
const start = written("dra|ft", history);

describe("Ctrl-R", () => {
  test("CP-8 the newest line with the words, then older ones, without regard to case", () => {
    expect(picture(after(start, "ctrl-r"))).toBe("dra|ft");
    expect(picture(after(start, "ctrl-r", type("tea")))).toBe("tea|");
    expect(picture(after(start, "ctrl-r", type("tea"), "ctrl-r"))).toBe("Tea is ready|");
    expect(picture(after(start, "ctrl-r", type("tea"), "ctrl-r", "ctrl-r"))).toBe("make tea|");
  });

  test("CP-8 where nothing older is found it says so and stays", () => {
    const end = after(start, "ctrl-r", type("coffee"), "ctrl-r");
    expect(picture(end)).toBe("coffee|");
    expect(promptOf(end)).toBe("nothing older with: coffee");
    expect(promptOf(after(start, "ctrl-r", type("coffee")))).toBe("search: coffee");
    expect(promptOf(after(end, "enter"))).toBeNull();
  });

  test("CP-8 a longer query stays at a line that has it, a shorter one begins at the newest", () => {
    expect(picture(after(start, "ctrl-r", type("te"), "ctrl-r", type("a")))).toBe("Tea is ready|");
    expect(picture(after(start, "ctrl-r", type("tea"), "ctrl-r", type(" i")))).toBe("Tea is ready|");
    expect(picture(after(start, "ctrl-r", type("make"), "backspace", "backspace", "backspace"))).toBe("make tea|");
    expect(picture(after(start, "ctrl-r", type("te"), "backspace"))).toBe("good night|");
    expect(picture(after(start, "ctrl-r", type("t"), "backspace"))).toBe("dra|ft");
    expect(picture(after(start, "ctrl-r", paste("coffee\r")))).toBe("coffee|");
  });

  test("CP-8 Enter takes the line without sending it, and undo goes back", () => {
    const taken = after(start, "ctrl-r", type("mak"), "enter");
    expect(effectOf(start, "ctrl-r", type("mak"), "enter")).toBeNull();
    expect(picture(taken)).toBe("make tea|");
    expect(effectOf(taken, "enter")).toEqual({ kind: "submit", text: "make tea" });
    expect(picture(after(taken, "ctrl-_"))).toBe("dra|ft");
    expect(picture(after(taken, "down"))).toBe("Tea is ready|");
  });

  test("CP-8 Enter without a line found leaves what was written", () => {
    expect(picture(after(start, "ctrl-r", type("zzz"), "enter"))).toBe("dra|ft");
    expect(effectOf(start, "ctrl-r", type("zzz"), "enter")).toBeNull();
  });

  test("CP-8 another key takes the line and acts", () => {
    expect(picture(after(start, "ctrl-r", type("mak"), "ctrl-a"))).toBe("|make tea");
    expect(picture(after(start, "ctrl-r", type("mak"), "ctrl-w", "ctrl-w"))).toBe("|");
    expect(effectOf(start, "ctrl-r", type("mak"), "pageup")).toEqual({ kind: "scroll", to: "page-up" });
  });

  test("CP-8 the line is taken as it was sent, also where it was changed on the way through the history", () => {
    const edited = after(start, "up", type("!"), "down");
    expect(picture(after(edited, "ctrl-r", type("night"), "enter"))).toBe("good night|");
    expect(picture(after(edited, "up", "ctrl-r", type("night"), "enter"))).toBe("good night|");
  });

  test("CP-8 pressed again and again it passes exactly the lines that have the words", () => {
    const lines = fc.array(fc.stringMatching(/^[abA ]{1,4}$/), { maxLength: 8 });
    fc.assert(
      fc.property(lines, fc.stringMatching(/^[abA]{1,2}$/), (past, query) => {
        const seen: string[] = [];
        let now: Composer = after(written("", past), "ctrl-r", type(query));
        while (now.mode.kind === "search" && !now.mode.failed) {
          seen.push(now.text);
          now = after(now, "ctrl-r");
        }
        const having = past.filter((line) => line.toLowerCase().includes(query.toLowerCase())).toReversed();
        expect(seen).toEqual(having.filter((line, i) => line !== having[i - 1]));
      }),
    );
  });
});
