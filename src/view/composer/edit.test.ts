import { describe, expect, test } from "vitest";
import { after, effectOf, paste, picture, type, written } from "../../../test/helpers/composer.ts";

/** A text, keys, and the text they make of it; `|` is the cursor. */
type Row = readonly [before: string, keys: string, after: string];

function check(rows: readonly Row[]): void {
  for (const [before, keys, wanted] of rows) {
    expect(picture(after(written(before), ...keys.split(" "))), `${before} ${keys}`).toBe(wanted);
  }
}

describe("the composer's edits", () => {
  test("CP-3 moving by characters as readers see them", () => {
    check([
      ["a👩‍👩‍👧|", "left", "a|👩‍👩‍👧"],
      ["|👩‍👩‍👧a", "right", "👩‍👩‍👧|a"],
      ["e\u0301|", "ctrl-b", "|e\u0301"],
      ["🇩🇪🇫🇷|", "left", "🇩🇪|🇫🇷"],
      ["|世界", "ctrl-f", "世|界"],
      ["a|\nb", "right right", "a\nb|"],
      ["|a", "left", "|a"],
      ["a|", "right", "a|"],
    ]);
  });

  test("CP-3 moving by words, over what is no word first", () => {
    check([
      ["one two-three|", "alt-b", "one two-|three"],
      ["one two-|three", "ctrl-left", "one |two-three"],
      ["|one two", "alt-f", "one| two"],
      ["one| two, three", "ctrl-right ctrl-right", "one two, three|"],
      ["hi 👍|", "alt-b", "hi |👍"],
      ["hi 🇩🇪|", "alt-b", "hi |🇩🇪"],
      ["|größer als", "alt-f", "größer| als"],
      ["one,  |", "alt-b", "|one,  "],
      ["one|  ", "alt-f", "one  |"],
    ]);
  });

  test("CP-3 moving within lines", () => {
    check([
      ["one\ntwo th|ree", "ctrl-a", "one\n|two three"],
      ["o|ne\ntwo", "ctrl-e", "one|\ntwo"],
      ["\n|", "ctrl-a", "\n|"],
      ["one\n|two", "ctrl-e ctrl-a", "one\n|two"],
    ]);
  });

  test("CP-3 up and down keep the column, also over a shorter line", () => {
    check([
      ["long line\nab\nother |line", "up", "long line\nab|\nother line"],
      ["long line\nab\nother |line", "up up", "long l|ine\nab\nother line"],
      ["世界人|民\nabcdef", "down", "世界人民\nabc|def"],
      ["👩‍👩‍👧👩‍👩‍👧|\nabc", "down", "👩‍👩‍👧👩‍👩‍👧\nab|c"],
      ["long| line\nab\nother line", "down left down", "long line\nab\no|ther line"],
      ["a\n|b", "ctrl-p", "|a\nb"],
      ["|a\nb", "ctrl-n", "a\n|b"],
    ]);
  });

  test("CP-4 deleting takes whole characters", () => {
    check([
      ["a👩‍👩‍👧|b", "backspace", "a|b"],
      ["a|e\u0301b", "delete", "a|b"],
      ["a\n|b", "ctrl-h", "a|b"],
      ["a|\nb", "ctrl-d", "a|b"],
      ["|a", "backspace", "|a"],
      ["a|", "ctrl-d", "a|"],
    ]);
  });

  test("CP-4 Ctrl-D leaves only where nothing is written", () => {
    expect(effectOf(written("|"), "ctrl-d")).toEqual({ kind: "leave" });
    expect(effectOf(written("a|"), "ctrl-d")).toBeNull();
    expect(effectOf(written("|a"), "ctrl-d")).toBeNull();
  });

  test("CP-4 characters that flow together carry the cursor along", () => {
    expect(picture(after(written("🇩x|🇪"), "backspace"))).toBe("🇩🇪|");
    expect(picture(after(written("|\u0301"), type("e")))).toBe("e\u0301|");
  });

  test("CP-5 cutting by words, to the last blank, and by lines", () => {
    check([
      ["see http://a.b/c|", "ctrl-w", "see |"],
      ["see http://a.b/c|", "alt-backspace", "see http://a.b/|"],
      ["one two  |", "ctrl-w", "one |"],
      ["one| two three", "alt-d", "one| three"],
      ["one\ntwo| three\nfour", "ctrl-k", "one\ntwo|\nfour"],
      ["one\ntwo| three\nfour", "ctrl-u", "one\n| three\nfour"],
      ["one|\ntwo", "ctrl-k", "one|two"],
      ["one\n|two", "ctrl-u", "one|two"],
      ["one|", "ctrl-k", "one|"],
      ["|one", "ctrl-w", "|one"],
    ]);
  });

  test("CP-5 what keys in a row cut is one cut, in the order in which it stood", () => {
    check([
      ["one two three|", "ctrl-w ctrl-w ctrl-y", "one two three|"],
      ["one two| three four", "alt-d ctrl-k ctrl-a ctrl-y", " three four|one two"],
      ["one two| three", "ctrl-u ctrl-k ctrl-y", "one two three|"],
      ["one two|", "ctrl-w left ctrl-w ctrl-y", "one| "],
      ["one two|", "ctrl-w pageup ctrl-w ctrl-y", "one |"],
      ["one two|", "ctrl-w ctrl-r escape ctrl-w ctrl-y", "one |"],
    ]);
  });

  test("CP-5 Alt-Y goes through what was cut before, and only behind a yank", () => {
    check([
      ["one two|", "ctrl-w left ctrl-k ctrl-a ctrl-k ctrl-y alt-y", " |"],
      ["one two|", "ctrl-w left ctrl-k ctrl-a ctrl-k ctrl-y alt-y alt-y", "two|"],
      ["one two|", "ctrl-w left ctrl-k ctrl-a ctrl-k ctrl-y alt-y alt-y alt-y", "one|"],
      ["one two|", "ctrl-w alt-y", "one |"],
      ["one|", "ctrl-y", "one|"],
    ]);
  });

  test("CP-6 typing is undone by words, anything else by keys", () => {
    const typedOut = after(written("|"), ...Array.from("one two", (character) => type(character)));
    expect(picture(after(typedOut, "ctrl-_"))).toBe("one |");
    expect(picture(after(typedOut, "ctrl-_", "ctrl-_"))).toBe("|");
    expect(picture(after(typedOut, "ctrl-_", "ctrl-_", "ctrl-_"))).toBe("|");
    expect(picture(after(typedOut, "backspace", "backspace", "ctrl-/"))).toBe("one tw|");
    expect(picture(after(typedOut, "left", type("x"), "ctrl-_"))).toBe("one tw|o");
  });

  test("CP-6 the last two hundred changes can be undone", () => {
    const changes = Array.from({ length: 250 }, (_, i) => paste(String(i % 10)));
    const undos = changes.map(() => "ctrl-_");
    expect(after(written("|"), ...changes, ...undos).text).toHaveLength(50);
  });

  test("CP-5 a held Ctrl-Y keeps nothing of the yanks before it", () => {
    const { last } = after(written("one|"), "ctrl-w", "ctrl-y", "ctrl-y", "ctrl-y");
    expect(last).toMatchObject({ kind: "yanked", before: { text: "oneone", last: { kind: "other" } } });
  });

  test("CP-5 the last twenty cuts are kept", () => {
    const cuts = Array.from({ length: 25 }, (_, i) => [type(`<${i}>`), "ctrl-u", "left"]).flat();
    expect(after(written("|"), ...cuts).kills).toEqual(Array.from({ length: 20 }, (_, i) => `<${i + 5}>`));
  });

  test("CP-17 Ctrl-T swaps the characters around the cursor, at the end of a line the last two", () => {
    check([
      ["a|b", "ctrl-t", "ba|"],
      ["ab|c", "ctrl-t", "acb|"],
      ["abc|", "ctrl-t", "acb|"],
      ["ab|\nc", "ctrl-t", "ba|\nc"],
      ["a👩‍👩‍👧|", "ctrl-t", "👩‍👩‍👧a|"],
      ["|ab", "ctrl-t", "|ab"],
      ["ab\n|cd", "ctrl-t", "ab\n|cd"],
      ["a|", "ctrl-t", "a|"],
    ]);
  });
});
