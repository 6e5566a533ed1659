import { describe, expect, test } from "vitest";
import { after, effectOf, paste, picture, type, written } from "../../../test/helpers/composer.ts";
import { newComposer, sent } from "./composer.ts";

describe("what keys ask of the face", () => {
  test("CP-11 Enter hands over the text and keeps it, until it is taken", () => {
    const composer = written("hi| all");
    expect(effectOf(composer, "enter")).toEqual({ kind: "submit", text: "hi all" });
    expect(picture(after(composer, "enter"))).toBe("hi| all");
  });

  test("CP-11 what was taken is in the history, and the composer empty", () => {
    const next = sent(written("hi all"));
    expect(picture(next)).toBe("|");
    expect(next.history).toEqual(["hi all"]);
    expect(picture(after(next, "up"))).toBe("hi all|");
    expect(picture(after(next, "ctrl-_"))).toBe("|");
  });

  test("CP-11 a blank text is not handed over", () => {
    expect(effectOf(newComposer(), "enter")).toBeNull();
    expect(effectOf(written(" \n  |"), "enter")).toBeNull();
  });

  test("CP-11 Alt-Enter makes a line of the same text", () => {
    const composer = after(written("one|two"), "alt-enter");
    expect(picture(composer)).toBe("one\n|two");
    expect(effectOf(composer, "enter")).toEqual({ kind: "submit", text: "one\ntwo" });
  });

  test("CP-12 Ctrl-C clears what is written, is handed on, and undo brings the text back", () => {
    expect(effectOf(written("some|thing"), "ctrl-c")).toEqual({ kind: "interrupt" });
    expect(picture(after(written("some|thing"), "ctrl-c"))).toBe("|");
    expect(picture(after(written("some|thing"), "ctrl-c", "ctrl-_"))).toBe("some|thing");
    expect(effectOf(newComposer(), "ctrl-c")).toEqual({ kind: "interrupt" });
  });

  test("CP-12 Ctrl-C leaves what was recalled for what is new", () => {
    const composer = after(written("|", ["old", "newer"]), "up", "up", "ctrl-c");
    expect(picture(after(composer, "up"))).toBe("newer|");
  });

  test("CP-12 Esc is handed on and keeps what is written", () => {
    expect(effectOf(written("some|thing"), "escape")).toEqual({ kind: "back" });
    expect(picture(after(written("some|thing"), "escape"))).toBe("some|thing");
  });

  test("CP-12 Esc, Ctrl-C and Ctrl-G end a search or a question and nothing else", () => {
    const start = written("dra|ft", ["older"]);
    for (const key of ["escape", "ctrl-c", "ctrl-g"]) {
      expect(effectOf(start, "ctrl-r", type("old"), key), key).toBeNull();
      expect(after(start, "ctrl-r", type("old"), key), key).toEqual(start);
      expect(effectOf(start, paste("a\nb"), key), key).toBeNull();
      expect(picture(after(start, paste("a\nb"), key)), key).toBe("dra|ft");
    }
    expect(picture(after(start, "ctrl-g"))).toBe("dra|ft");
  });

  test("CP-16 keys of the screen are handed on and leave the text as it is", () => {
    const composer = written("dra|ft");
    expect(effectOf(composer, "pageup")).toEqual({ kind: "scroll", to: "page-up" });
    expect(effectOf(composer, "alt-3")).toEqual({ kind: "open", nth: 3 });
    expect(picture(after(composer, "pageup", "alt-3", "ctrl-l", "ctrl-z"))).toBe("dra|ft");
  });
});
