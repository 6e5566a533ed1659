import { describe, expect, test } from "vitest";
import { anchoredTo, anchorOf, disarmed, escaped, FIRST_SCREEN, interrupted } from "./state.ts";

const ANCHOR = { key: 1, row: 0, seen: 9 };

describe("what leaves", () => {
  test("TU-9 Ctrl-C leaves at the second in a row, not after another key", () => {
    const once = interrupted(FIRST_SCREEN);
    expect(once.leaves).toBe(false);
    expect(interrupted(once.state).leaves).toBe(true);
    expect(interrupted(disarmed(once.state)).leaves).toBe(false);
    expect(interrupted(escaped(once.state, "ALL", true).state).leaves).toBe(false);
  });

  test("TU-9 Esc leaves at once when nothing is written, else at the second in a row", () => {
    expect(escaped(FIRST_SCREEN, "ALL", false).leaves).toBe(true);
    const once = escaped(FIRST_SCREEN, "ALL", true);
    expect(once.leaves).toBe(false);
    expect(escaped(once.state, "ALL", true).leaves).toBe(true);
    expect(escaped(disarmed(once.state), "ALL", true).leaves).toBe(false);
  });

  test("TU-9 Esc goes back to the newest messages first, in this conversation", () => {
    const scrolled = anchoredTo(anchoredTo(FIRST_SCREEN, "Bob", ANCHOR), "ALL", ANCHOR);
    const { state, leaves } = escaped(scrolled, "bob", false);
    expect(leaves).toBe(false);
    expect(anchorOf(state, "BOB")).toBeNull();
    expect(anchorOf(state, "ALL")).toEqual(ANCHOR);
    expect(escaped(state, "bob", false).leaves).toBe(true);
  });
});
