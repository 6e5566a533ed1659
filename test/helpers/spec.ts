import { specRules } from "../../scripts/held-rules.ts";

export { ruleOfTitle } from "../../scripts/held-rules.ts";

/** The rules that SPEC.md has, in its order. */
export function rulesOfSpec(): readonly string[] {
  return specRules().map(({ id }) => id);
}
