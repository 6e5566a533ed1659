import * as fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Length } from "./utf8-length.ts";

test("VW-18 the length of a text is that of its UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text));
    }),
  );
  expect(utf8Length("\ud800x")).toBe(Buffer.byteLength("\ud800x"));
});
