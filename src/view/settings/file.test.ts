import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSettings, encodeSettings } from "./file.ts";
import { DEFAULT_SETTINGS } from "./table.ts";

test("VW-17 what is written reads back the same", () => {
  const word = fc.stringMatching(/^[!-~]{1,9}$/).filter((text) => text !== "off");
  const settings = fc.record({
    bell: fc.constantFrom("off" as const, "direct" as const, "all" as const),
    notify: fc.array(word, { maxLength: 3 }),
    members: fc.boolean(),
    joins: fc.boolean(),
    times: fc.boolean(),
    colours: fc.constantFrom("dark" as const, "light" as const, "none" as const),
    askPaste: fc.boolean(),
    ignored: fc.array(word.map((text) => text.toLowerCase())),
  });
  fc.assert(
    fc.property(settings, (some) => {
      expect(decodeSettings(encodeSettings(some))).toEqual({ settings: some, troubles: [] });
    }),
  );
});

test("VW-17 what can't be used is named, and the rest is read", () => {
  expect(decodeSettings('{"bell":"loud","times":"off","shoes":"red","members":true}')).toEqual({
    settings: { ...DEFAULT_SETTINGS, times: false },
    troubles: ['"bell" can\'t be "loud"', '"shoes" can\'t be "red"', '"members" can\'t be true'],
  });
});

test("VW-17 no text whatever throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(decodeSettings(text).settings.colours).toMatch(/^(dark|light|none)$/);
    }),
  );
  expect(decodeSettings("[]")).toEqual({ settings: DEFAULT_SETTINGS, troubles: ["it is no JSON object"] });
});
