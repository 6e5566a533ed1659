import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import * as v from "valibot";
import { expect, test } from "vitest";

const Package = v.object({ files: v.array(v.string()) });
const root = join(import.meta.dirname, "../..");

test("PR-6 whatever a packed page links to is packed with it", () => {
  const { files } = v.parse(Package, JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const isPacked = (path: string) =>
    path === "README.md" || path === "LICENSE" || files.some((each) => path === each || path.startsWith(`${each}/`));
  const pages = globSync(["*.md", "docs/**/*.md", "packaging/**/*.md"], { cwd: root }).filter(isPacked);
  expect(pages.length).toBeGreaterThan(10);
  const lost = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => normalize(join(dirname(page), link)).replace(/\/$/, ""))
      .filter((target) => !isPacked(target))
      .map((target) => `${page} -> ${target}`),
  );
  expect(lost).toEqual([]);
});
