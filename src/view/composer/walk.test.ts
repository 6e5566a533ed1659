import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { after, picture, type, written } from "../../../test/helpers/composer.ts";
import { remember } from "./history.ts";

const history = ["first", "second", "third"];

describe("the history of a conversation", () => {
  test("CP-7 up goes to what was written before, down comes back to the unsent text", () => {
    const draft = written("dra|ft", history);
    expect(picture(after(draft, "up"))).toBe("third|");
    expect(picture(after(draft, "up", "ctrl-p", "up"))).toBe("first|");
    expect(picture(after(draft, "up", "up", "up", "up"))).toBe("first|");
    expect(picture(after(draft, "up", "up", "down"))).toBe("third|");
    expect(picture(after(draft, "up", "up", "down", "ctrl-n"))).toBe("dra|ft");
    expect(picture(after(draft, "up", "down", "down"))).toBe("dra|ft");
  });

  test("CP-7 what is changed on the way is there when one comes by again, and the history stays", () => {
    const edited = after(written("|", history), "up", type("!"), "up");
    expect(picture(edited)).toBe("second|");
    expect(picture(after(edited, "down"))).toBe("third!|");
    expect(after(edited, "down").history).toEqual(history);
  });

  test("CP-7 within a text of several lines, up and down go by lines first", () => {
    const composer = written("dra|ft", ["one", "two\nlines"]);
    expect(picture(after(composer, "up"))).toBe("two\nlines|");
    expect(picture(after(composer, "up", "up"))).toBe("two|\nlines");
    expect(picture(after(composer, "up", "up", "up"))).toBe("one|");
    expect(picture(after(composer, "up", "up", "down", "down"))).toBe("dra|ft");
  });

  test("CP-7 any number of steps up and as many down come back to the unsent text", () => {
    const lines = fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { maxLength: 5 });
    fc.assert(
      fc.property(lines, fc.nat(9), (past, steps) => {
        const draft = written("dra|ft", past);
        const up = after(draft, ...Array.from({ length: steps }, () => "up"));
        expect(up.text).toBe(steps === 0 ? "draft" : (past.at(-steps) ?? past[0] ?? "draft"));
        expect(picture(after(up, ...Array.from({ length: steps }, () => "down")))).toBe("dra|ft");
      }),
    );
  });

  test("CP-14 the same line twice in a row is kept once, a blank one not at all", () => {
    expect(remember(["a"], "a")).toEqual(["a"]);
    expect(remember(["a", "b"], "a")).toEqual(["a", "b", "a"]);
    expect(remember(["a"], " \n")).toEqual(["a"]);
  });

  test("CP-14 a thousand lines are kept, the newest", () => {
    const lines = Array.from({ length: 1500 }, (_, i) => `line ${i}`);
    expect(lines.reduce<readonly string[]>(remember, [])).toEqual(lines.slice(500));
  });
});
