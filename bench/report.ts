import { isGoalMet, ratioOf, type Figure, type Unit } from "./figures.ts";
import type { Machine } from "./machine.ts";

export interface Report {
  readonly method: readonly string[];
  readonly machine: Machine;
  readonly figures: readonly Figure[];
  /** What could not be measured here, and why. */
  readonly missing: readonly string[];
}

/** The report as one JSON value, with what follows from the figures added. */
export function jsonOf(report: Report): string {
  const figures = report.figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), goalMet: isGoalMet(figure) }));
  return JSON.stringify({ ...report, figures }, null, 2);
}

/** What is printed before the first figure. */
export function headText({ method, machine }: Pick<Report, "method" | "machine">): string {
  return [
    "Method",
    ...method.map((line) => `  ${line}`),
    "Machine",
    `  ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.system}; Node.js ${machine.node}`,
    "",
  ].join("\n");
}

/** Figures that belong together, under a line for their conditions. */
export function figuresText(figures: readonly Figure[]): string {
  const lines: string[] = [];
  let conditions = "";
  for (const figure of figures) {
    if (figure.conditions !== conditions) lines.push(figure.conditions);
    conditions = figure.conditions;
    lines.push(
      [
        `  ${figure.measured.padEnd(30)}`,
        amount(figure.server, figure.unit).padStart(14),
        `   floor ${amount(figure.floor, figure.unit).padStart(14)}`,
        `   ${ratioOf(figure).toFixed(2).padStart(5)} ×`,
        goalText(figure),
      ].join(""),
    );
  }
  return lines.join("\n");
}

function goalText(figure: Figure): string {
  const { goal, unit } = figure;
  if (goal === null) return "";
  const verdict = isGoalMet(figure) === true ? "met" : "MISSED";
  if ("least" in goal) return `   goal: at least ${goal.least} ${unit}, ${verdict}`;
  const most = goal.of === "ratio" ? `${goal.most} × the floor` : `${goal.most} ${unit}`;
  return `   goal: at most ${most}, ${verdict}`;
}

function amount(value: number, unit: Unit): string {
  const digits = unit === "/s" ? 0 : value < 100 ? 2 : 0;
  return `${value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}
