import { expect, test } from "vitest";
import { classicDirect, idOf, OPEN_ROOM } from "../../client/index.ts";
import { after, picture, type } from "../../../test/helpers/composer.ts";
import { sent } from "./composer.ts";
import { composerOf, newComposers, withComposer } from "./composers.ts";

test("CP-13 each conversation keeps its draft, its cursor and its history", () => {
  let composers = newComposers(new Map([["classic-direct:bob", ["earlier"]]]));
  composers = withComposer(composers, "ALL", after(composerOf(composers, "ALL"), type("to all"), "ctrl-a"));
  composers = withComposer(
    composers,
    "classic-direct:bob",
    after(composerOf(composers, "classic-direct:bob"), type("to bob")),
  );
  expect(picture(composerOf(composers, "ALL"))).toBe("|to all");
  expect(picture(composerOf(composers, "classic-direct:bob"))).toBe("to bob|");
  composers = withComposer(composers, "classic-direct:bob", sent(composerOf(composers, "classic-direct:bob")));
  expect(composerOf(composers, "classic-direct:bob").history).toEqual(["earlier", "to bob"]);
  expect(composerOf(composers, "ALL").history).toEqual([]);
});

test("CP-13 the classic and the sealed conversation with one person share nothing", () => {
  const [classic, sealed] = [classicDirect("Bob").id, idOf("sealed-direct", "bob")];
  const composers = withComposer(newComposers(), classic, after(composerOf(newComposers(), classic), type("a draft")));
  expect(picture(composerOf(composers, classic))).toBe("a draft|");
  expect(picture(composerOf(composers, sealed))).toBe("|");
});

test("CP-13 a history that was kept by names is that of the classic conversations, in any case", () => {
  const composers = newComposers(
    new Map([
      ["Bob", ["earlier"]],
      ["all", ["to all"]],
    ]),
  );
  expect(composerOf(composers, classicDirect("bob").id).history).toEqual(["earlier"]);
  expect(composerOf(composers, OPEN_ROOM.id).history).toEqual(["to all"]);
});

test("CP-13 what was cut in one conversation is put back in another", () => {
  let composers = newComposers();
  composers = withComposer(composers, "ALL", after(composerOf(composers, "ALL"), type("for bob"), "ctrl-u"));
  expect(picture(after(composerOf(composers, "classic-direct:bob"), "ctrl-y"))).toBe("for bob|");
});

test("CP-13 what was cut is still there when a text was sent", () => {
  const cut = after(composerOf(newComposers(), "ALL"), type("one two"), "ctrl-w");
  expect(picture(after(sent(cut), "ctrl-y"))).toBe("two|");
});
