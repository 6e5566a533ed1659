import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { visible } from "./visible.ts";

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
