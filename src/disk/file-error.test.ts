import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { explainFileError } from "./file-error.ts";

test("CS-51 what a file system says is told in words, and what isn't known as it says it", () => {
  const folder = mkdtempSync(join(tmpdir(), "files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "a");
  closeSync(openSync(file, "wx"));
  expect(why(() => openSync(file, "wx"))).toMatch(/^there is such a file already/);
  expect(why(() => openSync(join(folder, "b"), "r"))).toBe("there is no such file or folder");
  expect(why(() => readFileSync(folder))).toBe("that is a folder");
  expect(why(() => readFileSync(join(file, "c")))).toBe("a part of its path is no folder");
  expect(explainFileError(new Error("the disk is gone"))).toBe("the disk is gone");
  expect(explainFileError("odd")).toBe("odd");
});

/** What is said of what this throws. */
function why(work: () => unknown): string {
  try {
    work();
    return "nothing";
  } catch (error) {
    return explainFileError(error);
  }
}
