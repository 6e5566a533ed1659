import { describe, expect, test } from "vitest";
import { anchoredTo, anchorOf, back, disarmed, FIRST_SCREEN, interrupted } from "./state.ts";

const ANCHOR = { key: 1, row: 0, seen: 9 };

describe("what leaves", () => {
  test("TU-9 Ctrl-C leaves at the second in a row within two seconds, not after another key", () => {
    const once = interrupted(FIRST_SCREEN, 5000);
    expect(once.leaves).toBe(false);
    expect(interrupted(once.state, 7000).leaves).toBe(true);
    expect(interrupted(once.state, 7001).leaves).toBe(false);
    expect(interrupted(disarmed(once.state), 5001).leaves).toBe(false);
  });

  test("TU-9 Esc goes back to the newest messages first, in this conversation, then to the lists as they are set", () => {
    const scrolled = anchoredTo(anchoredTo(FIRST_SCREEN, "bob", ANCHOR), "ALL", ANCHOR);
    const once = back({ ...scrolled, flippedMembers: true }, "bob");
    expect(anchorOf(once, "bob")).toBeNull();
    expect(anchorOf(once, "ALL")).toEqual(ANCHOR);
    expect(once.flippedMembers).toBe(true);
    const twice = back(once, "bob");
    expect(twice.flippedMembers).toBe(false);
    expect(back(twice, "bob")).toEqual(twice);
  });
});
