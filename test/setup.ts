import { afterEach, beforeEach, expect, vi } from "vitest";
import { ruleOfTitle, rulesOfSpec } from "./helpers/spec.ts";

const rules = new Set(rulesOfSpec());

// Whatever else a test finds: it must say which promise it checks, and the promise must be written down.
beforeEach(({ task }) => {
  expect(rules, `SPEC.md has the rule of the test "${task.name}"`).toContain(ruleOfTitle(task.name));
});

// Many files share a process: no clock that a test held may stand still for the next one.
afterEach(() => void vi.useRealTimers());
