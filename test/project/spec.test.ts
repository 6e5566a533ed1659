import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ruleOfTitle, rulesOfSpec } from "../helpers/spec.ts";

const root = join(import.meta.dirname, "../..");

describe("SPEC.md", () => {
  test("PR-2 every rule is written once", () => {
    const rules = rulesOfSpec();
    expect(rules.length).toBeGreaterThan(100);
    expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
  });

  test("PR-2 every rule has a test", () => {
    // Contracts are functions that test files call; in all of them a title is a string that begins with its rule.
    const files = globSync(
      [
        "{src,test,bench}/**/*.test.ts",
        "test/real-tailnet/*.scenario.ts",
        "test/contracts/*.ts",
        "test/cli/transcripts/*.txt",
      ],
      { cwd: root },
    );
    // A transcript begins with its title, without quotes.
    const text = files.map((file) => `"${readFileSync(join(root, file), "utf8")}`).join("\n");
    const tested = new Set([...text.matchAll(/["'`]([A-Z]{2}-\d+)["' ]/g)].map(([, rule]) => rule));
    expect(rulesOfSpec().filter((rule) => !tested.has(rule))).toEqual([]);
  });

  test("PR-2 a test whose title begins with no rule of SPEC.md fails, whatever it finds", () => {
    expect(ruleOfTitle("PR-2 something")).toBe("PR-2");
    expect(ruleOfTitle("something")).toBeUndefined();
    expect(rulesOfSpec()).not.toContain("PR-0");
  });
});
