import * as fc from "fast-check";
import { expect, test } from "vitest";
import { namesAfter, sortedNames, withName, withoutName } from "./sorted-names.ts";

const name = fc.string({ unit: fc.constantFrom("a", "b", "c", "-"), minLength: 1, maxLength: 6 });

test("DL-29 names come in their order, page by page, whatever was put in and taken out", () => {
  const change = fc.record({ name, add: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(name),
      fc.array(change, { size: "large" }),
      fc.integer({ min: 1, max: 9 }),
      (first, changes, limit) => {
        let names = sortedNames(first);
        const expected = new Set(first);
        for (const { name: one, add } of changes) {
          names = add ? withName(names, one) : withoutName(names, one);
          if (add) expected.add(one);
          else expected.delete(one);
        }
        const found: string[] = [];
        let after: string | null = null;
        for (;;) {
          const page: string[] = namesAfter(names, after, limit);
          found.push(...page);
          after = page.at(-1) ?? null;
          if (page.length < limit || after === null) break;
        }
        expect(found).toEqual([...expected].toSorted((a, b) => (a < b ? -1 : 1)));
      },
    ),
  );
});

test("DL-29 with many names a change copies few of them, and versions before it stay as they were", () => {
  const many = Array.from({ length: 20_000 }, (_, n) => `n${String((n * 7919) % 20_000).padStart(5, "0")}`);
  let names = sortedNames(many.slice(0, 10_000));
  for (const one of many.slice(10_000)) names = withName(names, one);
  const before = names;
  const after = withoutName(names, "n12345");
  expect(before.filter((piece) => !after.includes(piece))).toHaveLength(1);
  expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(256);
  expect(namesAfter(before, "n12344", 2)).toEqual(["n12345", "n12346"]);
  expect(namesAfter(after, "n12344", 2)).toEqual(["n12346", "n12347"]);
  expect(namesAfter(after, "zzz", 2)).toEqual([]);
});
