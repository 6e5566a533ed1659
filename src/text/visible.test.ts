import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapedLine, plainJson, visible, visibleLine, visibleName } from "./visible.ts";

describe("others' text on a terminal", () => {
  test("CM-2 escape sequences are shown, not obeyed", () => {
    expect(visible("\u001b[2J\u001b]0;title\u0007")).toBe("␛[2J␛]0;title␇");
    expect(visible("\u009b31m")).toBe("<U+009B>31m");
  });

  test("CM-2 direction marks are shown", () => {
    expect(visible("a\u202eb")).toBe("a<U+202E>b");
  });

  test("CM-2 a message of several lines stays one message", () => {
    expect(visible("one\r\ntwo\nbob: three")).toBe("one\n    two\n    bob: three");
  });

  test("CM-2 what people write comes through", () => {
    const scotland = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
    for (const text of ["Grüße, 世界 👩‍👩‍👧 ok\tyes", "می\u200cخواهم", scotland]) expect(visible(text)).toBe(text);
    expect(visible("hidden\u{e0041}")).toBe("hidden<U+E0041>");
    // No flag has so long a name: whoever writes it hides something behind one.
    const hiding = `\u{1f3f4}${"\u{e0061}".repeat(7)}\u{e007f}`;
    expect(visible(hiding)).toBe(`\u{1f3f4}${"<U+E0061>".repeat(7)}<U+E007F>`);
  });

  test("CM-2 marks heaped upon a letter, and joiners that only hide, are shown", () => {
    const vietnamese = "Tiếng Việt, क्ष्म्य, שָׁלוֹם, ก็, e\u0301\u0302";
    expect(visible(vietnamese)).toBe(vietnamese);
    expect(visible(`a${"\u0301".repeat(14)}b`)).toBe(`a${"\u0301".repeat(12)}<2 more marks>b`);
    expect(escapedLine(`a${"\u0301".repeat(13)}`)).toBe(`a${"\u0301".repeat(12)}\\u0301`);
    expect(JSON.parse(plainJson("\u0301".repeat(20)))).toBe("\u0301".repeat(20));
    expect(plainJson("\u0301".repeat(20))).toContain("\\u0301");
    expect(visible("ali\u200dce \u200cx")).toBe("ali<U+200D>ce <U+200C>x");
    expect(visible("\u200d")).toBe("<U+200D>");
    expect(visible("👩\u200d\u200d👧")).toBe("👩\u200d<U+200D>👧");
  });

  test("TX-6 a name that only looks like another's is shown as what it is", () => {
    expect(visibleName("alice.b_c-3")).toBe("alice.b_c-3");
    expect(visibleName("\u0430lice")).toBe("<U+0430>lice");
    expect(visibleName("ali\u200bce\nbob: hi")).toBe("ali<U+200B>ce<U+000A>bob: hi");
    expect(visibleName("שלום😀")).toBe("<U+05E9><U+05DC><U+05D5><U+05DD><U+1F600>");
    expect(visibleName("a".repeat(64))).toBe("a".repeat(64));
    expect(visibleName("a".repeat(65))).toBe(`${"a".repeat(64)}…`);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(visibleName(name)).toMatch(/^[\u0020-\u007e…]*$/);
      }),
    );
  });

  test("CM-2 nothing that comes out can steer a terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(visible(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(visible(text)).not.toMatch(/\n(?! {4})/);
      }),
    );
  });
});

describe("others' text in one line", () => {
  test("TX-1 a line end or a tab becomes a blank, and nothing that comes out steers", () => {
    expect(visibleLine("a\r\nb\tc\u2028d\n12:34 bob: hi")).toBe("a b c<U+2028>d 12:34 bob: hi");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(visibleLine(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  test("TX-2 what is too long is cut, never within a character", () => {
    expect(visibleLine("abcdef", 6)).toBe("abcdef");
    expect(visibleLine("abcdefg", 6)).toBe("abcdef…");
    expect(visibleLine("ab😀d", 3)).toBe("ab…");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, most) => {
        expect(visibleLine(text, most).isWellFormed()).toBe(true);
      }),
    );
  });

  test("TX-3 text that is made to be slow is not: each of these takes as many steps as it has characters", () => {
    const flag = "\u{1f3f4}";
    for (const piece of [
      flag,
      `${flag}\u{e0061}\u{e0061}`,
      "\u001b[",
      "\r",
      "\r\n",
      "\u202e",
      "\t",
      "\ud83d",
      "\\",
      "\u0301",
      "\u200d",
    ]) {
      const text = piece.repeat(100_000);
      expect(visible(text).length).toBeGreaterThan(0);
      expect(visibleLine(text, 200).length).toBeLessThan(2000);
      expect(visibleName(text).length).toBeLessThan(1000);
      expect(escapedLine(text).length).toBeGreaterThan(0);
      expect(JSON.parse(plainJson(text))).toBe(text);
    }
  });

  test("TX-1 escaped for a program it is what `printf %b` turns back: a backslash, line ends and a tab by their letters, others by number", () => {
    expect(escapedLine("a\\b\nc\rd\te\u001bf\u{e0001}g\uffffh 世界")).toBe(
      "a\\\\b\\nc\\rd\\te\\u001bf\\U000e0001g\uffffh 世界",
    );
  });

  test("TX-1 letters that look like nothing are shown", () => {
    expect(visible("\u3164\uffa0\u115f\u1160")).toBe("<U+3164><U+FFA0><U+115F><U+1160>");
  });
});
