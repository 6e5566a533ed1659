import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manPage } from "../../scripts/man-page.ts";
import { EXIT, EXIT_MEANINGS } from "../../src/args/exit-codes.ts";
import { allSpecs } from "../../src/bin/table.ts";
import { packageVersion } from "../../src/disk/package-version.ts";

const root = join(import.meta.dirname, "../..");
const page = join(root, "man/padserve.1");

test("CM-19 the page is what the table gives; npm run man writes it anew", async () => {
  expect(readFileSync(page, "utf8")).toBe(manPage(await allSpecs(), packageVersion()));
});

test("CM-19 pad's page is the same one", () => {
  expect(readFileSync(join(root, "man/pad.1"), "utf8")).toBe(".so man1/padserve.1\n");
});

test.skipIf(spawnSync("groff", ["--version"]).status !== 0)("CM-19 groff reads the page without a warning", () => {
  const { status, stderr, stdout } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-P-cbou", page], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  // Hyphens stay such as can be copied to a shell.
  expect(stdout).toContain("pad listen [WHERE] [options] [-- COMMAND ARG...]");
});

test("CM-19 the exit codes in docs/scripts.md are those of the table", () => {
  const rows = [...readFileSync(join(root, "docs/scripts.md"), "utf8").matchAll(/^\| (\d+) \| (.*) \|$/gm)];
  const meant = Object.entries(EXIT).map(([name, code]) => [String(code), meaning(name).replace("doctor", "`doctor`")]);
  expect(rows.map(([, code, means]) => [code, means])).toEqual(meant);
});

function meaning(name: string): string {
  return Object.entries(EXIT_MEANINGS).find(([other]) => other === name)?.[1] ?? "";
}
