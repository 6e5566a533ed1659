import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const sources = join(import.meta.dirname, "../../src");
const folders = [...new Set(files("**/*.ts").map(dirname))].toSorted();

test.each(folders)("PR-5 the first file of src/%s says what the folder is for", (folder) => {
  const first = firstFile(folder);
  const comment = /^\/\*\*(.*?)\*\//s.exec(readFileSync(join(sources, first), "utf8"))?.[1] ?? "";
  const words = comment.replaceAll(/\s*\n \*\s?/g, " ").trim();
  expect(words, `src/${first} must open with /** \`${folder}\`: what the folder is for, in a line or two */`).toMatch(
    new RegExp(`^\`${folder}\`: .{20,}`),
  );
});

/** `index.ts`, or else the first in the order of the alphabet; files that are generated don't count. */
function firstFile(folder: string): string {
  const own = files(`${folder}/*.ts`).filter(
    (file) => !readFileSync(join(sources, file), "utf8").startsWith("// Made by"),
  );
  return own.find((file) => file.endsWith("/index.ts")) ?? own[0] ?? folder;
}

function files(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: sources })
    .filter((file) => !file.endsWith(".test.ts"))
    .toSorted();
}
