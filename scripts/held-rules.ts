/**
 * Which rules of SPEC.md are held by tests that ran: `node scripts/held-rules.ts [--without-tailnet] RESULTS…`, files of
 * vitest's JSON reporter. Exits with 1 when a rule is held by none of them. A test that was skipped holds nothing, nor does a title
 * that only stands in a file.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const WITHOUT_TAILNET = "--without-tailnet";

export interface Rule {
  readonly id: string;
  /** Only a real tailnet can show it: `npm run test:tailnet`. */
  readonly needsTailnet: boolean;
}

/** A test of a run, whatever became of it. */
export interface RanTest {
  readonly title: string;
  readonly passed: boolean;
}

export interface Held {
  readonly held: readonly string[];
  /** All tests of these were skipped, or failed. */
  readonly notRun: readonly string[];
  /** These have no test in the run at all. */
  readonly without: readonly string[];
}

/** The rules that a SPEC.md has, in its order. */
export function rulesIn(spec: string): readonly Rule[] {
  return [...spec.matchAll(/^- ([A-Z]{2}-\d+)( \(real tailnet\))?: \S/gm)].map(([, id = "", tailnet]) => ({
    id,
    needsTailnet: tailnet !== undefined,
  }));
}

/** The rule with which a test's title begins. */
export function ruleOfTitle(title: string): string | undefined {
  return /^([A-Z]{2}-\d+) /.exec(title)?.[1];
}

export function heldRules(rules: readonly Rule[], tests: readonly RanTest[]): Held {
  const passed = new Set(tests.filter((test) => test.passed).map(({ title }) => ruleOfTitle(title)));
  const there = new Set(tests.map(({ title }) => ruleOfTitle(title)));
  const ids = rules.map(({ id }) => id);
  return {
    held: ids.filter((id) => passed.has(id)),
    notRun: ids.filter((id) => !passed.has(id) && there.has(id)),
    without: ids.filter((id) => !there.has(id)),
  };
}

/** The tests in what vitest's JSON reporter wrote. */
export function testsIn(results: string): readonly RanTest[] {
  const { testResults }: { testResults: { assertionResults: { title: string; status: string }[] }[] } =
    JSON.parse(results);
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ title, status }) => ({ title, passed: status === "passed" })),
  );
}

export function specRules(): readonly Rule[] {
  return rulesIn(readFileSync(join(import.meta.dirname, "../SPEC.md"), "utf8"));
}

/** One line for each kind of what is not held; none when all is. */
export function complaints({ notRun, without }: Held): readonly string[] {
  return [
    ...(without.length === 0 ? [] : [`rules without any test: ${without.join(", ")}`]),
    ...(notRun.length === 0 ? [] : [`rules whose tests were all skipped, or failed: ${notRun.join(", ")}`]),
  ];
}

if (import.meta.main) {
  const files = process.argv.slice(2).filter((word) => word !== WITHOUT_TAILNET);
  const isWithout = process.argv.includes(WITHOUT_TAILNET);
  const rules = specRules().filter(({ needsTailnet }) => !(isWithout && needsTailnet));
  const held = heldRules(
    rules,
    files.flatMap((file) => testsIn(readFileSync(file, "utf8"))),
  );
  const more = isWithout ? "; those of a real tailnet were not tried" : "";
  console.log(`${held.held.length} of ${rules.length} rules are held by tests that ran${more}`);
  for (const line of complaints(held)) console.error(line);
  if (held.held.length < rules.length) process.exitCode = 1;
}
