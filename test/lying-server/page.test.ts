import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rulesOfSpec } from "../helpers/spec.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/a-server-that-lies.md"), "utf8");
const scenarios = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
  .join("");

test("LI-15 the page has a screen of each lie, and a scenario is held to each screen", () => {
  const onPage = [...page.matchAll(/^```text (LI-\d+ \w+)$/gm)].map(([, name = ""]) => name);
  const shown = [...scenarios.matchAll(/\.shows\("(LI-\d+ \w+)"\)/g)].map(([, name = ""]) => name);
  expect(onPage.toSorted()).toEqual(shown.toSorted());
  const lies = rulesOfSpec().filter((rule) => rule.startsWith("LI-") && rule !== "LI-15");
  expect(lies.filter((rule) => !onPage.some((name) => name.startsWith(`${rule} `)))).toEqual([]);
});
