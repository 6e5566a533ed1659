import { expect, test } from "vitest";
import { actionOf, KEY_TABLE } from "./table.ts";

test("CP-16 a key does one thing", () => {
  const keys = KEY_TABLE.flatMap((row) => row.keys);
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  for (const { keys: names, does } of KEY_TABLE) for (const key of names) expect(actionOf(key)).toBe(does);
});

test("CP-16 what is no key, or is typed, does nothing", () => {
  for (const key of ["a", "ctrl-alt-x", "", "f12", "toString"]) expect(actionOf(key)).toBeNull();
});

test("CP-16 keys are named in lower case, and each says what it does", () => {
  for (const { keys, help } of KEY_TABLE) {
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(key).toMatch(/^((ctrl|alt|shift)-)?([a-z0-9_/]|[a-z]{2,9})$/);
    expect(help).toMatch(/^[a-z`].*[^.]$/);
  }
});

test("CP-16 rows with the same help stand together, so that help tells them in one", () => {
  const helps = KEY_TABLE.map(({ help }) => help).filter((help, i, all) => help !== all[i - 1]);
  expect(new Set(helps).size).toBe(helps.length);
});

test("CP-16 people find the keys of readline and weechat", () => {
  expect(actionOf("ctrl-a")).toEqual({ kind: "edit", edit: "line-start" });
  expect(actionOf("alt-d")).toEqual({ kind: "edit", edit: "kill-word-forward" });
  expect(actionOf("home")).toEqual({ kind: "scroll", to: "top" });
  expect(actionOf("alt-9")).toEqual({ kind: "open", nth: 9 });
  expect(actionOf("alt-a")).toEqual({ kind: "open-next-unread" });
});
