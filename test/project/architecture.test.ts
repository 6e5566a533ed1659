import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { folderLicences } from "../../scripts/folders.ts";

const root = join(import.meta.dirname, "../..");
const licences = folderLicences(root);
const folders = [...licences.keys()];

describe("ARCHITECTURE.md's table", () => {
  test("PR-3 it has the folders that there are, each with the imports that its sources really have", () => {
    expect(table()).toEqual(Object.fromEntries(folders.map((folder) => [folder, realImports(folder)])));
  });

  test("PR-3 no folder's licence says more than its sources need", () => {
    expect(Object.fromEntries(licences)).toEqual(table());
  });
});

/** The rows `| src/folder | what | may import |`, imports sorted. */
function table(): Record<string, readonly string[]> {
  const rows = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").matchAll(
    /^\| `src\/([^`]+)` \|[^|]*\| ([^|]+) \|$/gm,
  );
  return Object.fromEntries(
    [...rows].map(([, folder = "", imports = ""]) => [folder, imports === "nothing" ? [] : imports.split(", ")]),
  );
}

function realImports(folder: string): readonly string[] {
  const files = globSync(`src/${folder}/**/*.ts`, { cwd: root, exclude: (file) => file.endsWith(".test.ts") });
  const others = files
    .filter((file) => folderOf(file) === folder)
    .flatMap((file) => importsIn(file).map((target) => folderOf(target) ?? target))
    .filter((target) => target !== folder);
  return [...new Set(others)].toSorted();
}

/** The innermost folder with a licence that a file lies in. */
function folderOf(file: string): string | undefined {
  const around = folders.filter((folder) => file.startsWith(join("src", folder, "/")));
  return around.toSorted((one, other) => other.length - one.length)[0];
}

/** The relative imports of a file, as paths from the root. */
function importsIn(file: string): readonly string[] {
  const found = readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g);
  return [...found].map(([, path = ""]) => relative(root, join(root, dirname(file), path)));
}
