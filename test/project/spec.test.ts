import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { complaints, heldRules, rulesIn, specRules, testsIn } from "../../scripts/held-rules.ts";
import { ruleOfTitle, rulesOfSpec } from "../helpers/spec.ts";

const root = join(import.meta.dirname, "../..");

describe("SPEC.md", () => {
  test("PR-2 every rule is written once", () => {
    const rules = rulesOfSpec();
    expect(rules.length).toBeGreaterThan(100);
    expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
  });

  test("PR-2 a test whose title begins with no rule of SPEC.md fails, whatever it finds", () => {
    expect(ruleOfTitle("PR-2 something")).toBe("PR-2");
    expect(ruleOfTitle("something")).toBeUndefined();
    expect(rulesOfSpec()).not.toContain("PR-0");
  });

  test("PR-4 what only a real tailnet can show is marked so, and nothing else", () => {
    const marked = specRules().filter(({ needsTailnet }) => needsTailnet);
    expect(marked.map(({ id }) => id)).toEqual(rulesOfSpec().filter((id) => id.startsWith("RT-")));
  });
});

describe("which rules are held", () => {
  const rules = rulesIn(
    "## AA: a heading\n- AA-1: One.\n- AA-2: Two.\n  - AA-9: no rule\n- AA-3 (real tailnet): Three.\n- AA-4: Four.\n",
  );

  test("PR-4 a rule is held by a test that ran and passed; a skipped or failed one holds nothing, nor does one of another rule", () => {
    const tests = [
      { title: "AA-1 holds", passed: true },
      { title: "AA-1 is skipped elsewhere", passed: false },
      { title: "AA-2 is skipped", passed: false },
      { title: "about AA-4 and others", passed: true },
      { title: "AA-40 is another", passed: true },
    ];
    expect(heldRules(rules, tests)).toEqual({ held: ["AA-1"], notRun: ["AA-2"], without: ["AA-3", "AA-4"] });
    expect(complaints(heldRules(rules, tests))).toEqual([
      "rules without any test: AA-3, AA-4",
      "rules whose tests were all skipped, or failed: AA-2",
    ]);
  });

  test("PR-4 the results of several runs count together", () => {
    const [first, second] = [
      results(["AA-1 a", "passed"], ["AA-2 b", "skipped"]),
      results(["AA-3 c", "passed"], ["AA-4 d", "todo"]),
    ];
    expect(heldRules(rules, [first, second].flatMap(testsIn))).toEqual({
      held: ["AA-1", "AA-3"],
      notRun: ["AA-2", "AA-4"],
      without: [],
    });
  });

  test("PR-4 the checker of .ci/run reads what vitest writes, and fails for a rule that nothing held", () => {
    const folder = mkdtempSync(join(tmpdir(), "padserve-rules-"));
    try {
      const file = join(folder, "results.json");
      const write = (ids: readonly string[]) =>
        writeFileSync(
          file,
          JSON.stringify({
            testResults: [{ assertionResults: ids.map((id) => ({ title: `${id} holds`, status: "passed" })) }],
          }),
        );
      const check = (...words: string[]) => {
        const { status, stderr } = spawnSync(process.execPath, ["scripts/held-rules.ts", ...words, file], {
          cwd: root,
          encoding: "utf8",
        });
        return { status, stderr };
      };
      write(rulesOfSpec());
      expect(check()).toEqual({ status: 0, stderr: "" });
      write(rulesOfSpec().filter((id) => id !== "ST-1"));
      expect(check()).toEqual({ status: 1, stderr: "rules without any test: ST-1\n" });
      write(rulesOfSpec().filter((id) => !id.startsWith("RT-")));
      expect(check().status).toBe(1);
      expect(check("--without-tailnet")).toEqual({ status: 0, stderr: "" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function results(...tests: readonly [title: string, status: string][]): string {
  return JSON.stringify({ testResults: [{ assertionResults: tests.map(([title, status]) => ({ title, status })) }] });
}
