import { expect, test } from "vitest";
import { after, picture, type } from "../../../test/helpers/composer.ts";
import { sent } from "./composer.ts";
import { composerOf, newComposers, withComposer } from "./composers.ts";

test("CP-13 each conversation keeps its draft, its cursor and its history", () => {
  let composers = newComposers(new Map([["bob", ["earlier"]]]));
  composers = withComposer(composers, "ALL", after(composerOf(composers, "ALL"), type("to all"), "ctrl-a"));
  composers = withComposer(composers, "bob", after(composerOf(composers, "bob"), type("to bob")));
  expect(picture(composerOf(composers, "ALL"))).toBe("|to all");
  expect(picture(composerOf(composers, "bob"))).toBe("to bob|");
  composers = withComposer(composers, "bob", sent(composerOf(composers, "bob")));
  expect(composerOf(composers, "bob").history).toEqual(["earlier", "to bob"]);
  expect(composerOf(composers, "ALL").history).toEqual([]);
});

test("CP-13 a name is the same conversation in any case", () => {
  const composers = newComposers(new Map([["Bob", ["earlier"]]]));
  expect(composerOf(composers, "bob").history).toEqual(["earlier"]);
  expect(picture(composerOf(withComposer(composers, "BOB", after(composerOf(composers, "bob"), "up")), "bob"))).toBe(
    "earlier|",
  );
});

test("CP-13 what was cut in one conversation is put back in another", () => {
  let composers = newComposers();
  composers = withComposer(composers, "ALL", after(composerOf(composers, "ALL"), type("for bob"), "ctrl-u"));
  expect(picture(after(composerOf(composers, "bob"), "ctrl-y"))).toBe("for bob|");
});

test("CP-13 what was cut is still there when a text was sent", () => {
  const cut = after(composerOf(newComposers(), "ALL"), type("one two"), "ctrl-w");
  expect(picture(after(sent(cut), "ctrl-y"))).toBe("two|");
});
