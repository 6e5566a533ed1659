import { expect, test } from "vitest";
import type { Figure } from "./figures.ts";
import { figuresText, jsonOf, type Report } from "./report.ts";

function figure(fields: Partial<Figure>): Figure {
  return {
    scenario: "fan-out",
    conditions: "2 clients",
    measured: "CPU per delivery",
    unit: "µs",
    server: 6,
    floor: 2,
    goal: null,
    ...fields,
  };
}

const FIGURES = [
  figure({ goal: { most: 3, of: "ratio" } }),
  figure({ goal: { most: 2.9, of: "ratio" } }),
  figure({ conditions: "idle", unit: "kB", goal: { most: 6, of: "figure" } }),
  figure({ conditions: "idle", unit: "/s", server: 1_234_567.8, floor: 2_469_135.6 }),
];

test("BE-4 a goal is met up to its very figure, and a goal that is missed is told plainly", () => {
  const [conditions, met, missed, next, kept, open] = figuresText(FIGURES).split("\n");
  expect(conditions).toBe("2 clients");
  expect(met).toMatch(/6\.00 µs .*2\.00 µs .*3\.00 × .*goal: at most 3 × the floor, met$/);
  expect(missed).toMatch(/goal: at most 2\.9 × the floor, MISSED$/);
  expect(next).toBe("idle");
  expect(kept).toMatch(/goal: at most 6 kB, met$/);
  expect(open).toMatch(/1,234,568 \/s .*2,469,136 \/s .*0\.50 ×$/);
});

test("BE-5 the JSON has the method, the machine, each figure with its ratio and its goal, and what is missing", () => {
  const machine = { processor: "a processor", cores: 2, memoryGiB: 4, system: "an OS", node: "v26" };
  const report: Report = { method: ["how"], machine, figures: FIGURES, missing: ["why not"] };
  const read: unknown = JSON.parse(jsonOf(report));
  expect(read).toEqual({
    method: ["how"],
    machine,
    figures: [
      { ...FIGURES[0], ratio: 3, goalMet: true },
      { ...FIGURES[1], ratio: 3, goalMet: false },
      { ...FIGURES[2], ratio: 3, goalMet: true },
      { ...FIGURES[3], ratio: 0.5, goalMet: null },
    ],
    missing: ["why not"],
  });
});
