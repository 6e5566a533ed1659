import { readFileSync } from "node:fs";
import { join } from "node:path";

const SPEC = join(import.meta.dirname, "../../SPEC.md");

/** The rules that SPEC.md has, in its order. */
export function rulesOfSpec(): readonly string[] {
  return [...readFileSync(SPEC, "utf8").matchAll(/^- ([A-Z]{2}-\d+): \S/gm)].map(([, id]) => id ?? "");
}

/** The rule with which a test's title begins. */
export function ruleOfTitle(title: string): string | undefined {
  return /^([A-Z]{2}-\d+) /.exec(title)?.[1];
}
