import { globSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestModule, TestRunEndReason, Vitest } from "vitest/node";
import { heldRules, specRules, type RanTest } from "../../scripts/held-rules.ts";

/**
 * At the end of a run of everything: which of SPEC.md's rules were held by what ran. A rule without any test fails the run; one
 * whose tests had to be skipped on this machine is named. What needs a real tailnet is not asked of `npm test`.
 */
export default class RulesReporter implements Reporter {
  #vitest: Vitest | null = null;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], _errors: unknown, reason: TestRunEndReason): void {
    if (reason === "interrupted" || !this.#ranEverything(modules)) return;
    const rules = specRules();
    const here = rules.filter(({ needsTailnet }) => !needsTailnet);
    const { held, notRun, without } = heldRules(here, modules.flatMap(testsOf));
    const elsewhere = rules.length - here.length;
    console.log(
      `SPEC.md: ${held.length} of ${here.length} rules held by what ran; ${elsewhere} more need \`npm run test:tailnet\``,
    );
    if (notRun.length > 0) console.log(`  not held here, for their tests were skipped or failed: ${notRun.join(", ")}`);
    if (without.length === 0) return;
    console.error(`  without any test: ${without.join(", ")}`);
    process.exitCode = 1;
  }

  #ranEverything(modules: readonly TestModule[]): boolean {
    if (this.#vitest === null || this.#vitest.config.testNamePattern !== undefined) return false;
    const { root, include } = this.#vitest.config;
    const ran = new Set(modules.map(({ moduleId }) => relative(root, moduleId)));
    return globSync(include, { cwd: root }).every((file) => ran.has(file));
  }
}

function testsOf(module: TestModule): readonly RanTest[] {
  return [...module.children.allTests()].map((test) => ({
    title: test.name,
    passed: test.result().state === "passed",
  }));
}
