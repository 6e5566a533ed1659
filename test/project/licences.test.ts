import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { folderLicences } from "../../scripts/folders.ts";

const root = join(import.meta.dirname, "../..");
let copy = "";

// The real sources under the real checks, with one line too many.
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), "padserve-licences-"));
  for (const part of ["src", "scripts", "oxlint.config.ts", "tsconfig.base.json", "package.json"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

describe("what a folder may not import", () => {
  test("PR-1 the compiler refuses an import that the folder's tsconfig.json does not list", () => {
    expect(run("typescript/bin/tsc", "-b", "--force", "src/core")).toMatchObject({ status: 0 });
    writeFileSync(join(copy, "src/core/trespass.ts"), 'export { createMemoryStore } from "../store/memory.ts";\n');
    const { status, output } = run("typescript/bin/tsc", "-b", "--force", "src/core");
    expect(status).not.toBe(0);
    expect(output).toContain("store/memory.ts");
  });

  test("PR-1 the compiler takes away the globals and modules of Node where a folder lists none", () => {
    writeFileSync(join(copy, "src/core/trespass.ts"), 'import "node:fs";\nexport const timer = setTimeout;\n');
    const { status, output } = run("typescript/bin/tsc", "-b", "--force", "src/core");
    expect(status).not.toBe(0);
    expect(output).toContain("node:fs");
    expect(output).toContain("setTimeout");
  });

  test("PR-1 the linter refuses it too, also where a listed folder may import what this one may not", () => {
    expect(run("oxlint/bin/oxlint", "--deny-warnings", "src/cli/send/command.ts")).toMatchObject({ status: 0 });
    writeFileSync(join(copy, "src/core/trespass.ts"), 'export { createMemoryStore } from "../store/memory.ts";\n');
    // cli may import client, and client wire/classic: the compiler alone would let this through.
    writeFileSync(join(copy, "src/cli/trespass.ts"), 'export { sealPad } from "../wire/classic/pad.ts";\n');
    writeFileSync(join(copy, "src/view/trespass.ts"), 'export { startRow } from "../tui/cells/wrap.ts";\n');
    for (const [file, allowed] of [
      ["src/core/trespass.ts", "src/core may import nothing of ours"],
      ["src/view/trespass.ts", "src/view may import client, text"],
      ["src/cli/trespass.ts", "src/cli may import agent/face, args, client, client/classic"],
    ] as const) {
      const { status, output } = run("oxlint/bin/oxlint", "--deny-warnings", file);
      expect(status).not.toBe(0);
      expect(output).toContain(allowed);
    }
  });

  test("PR-1 every folder of sources has its licence", () => {
    expect([...folderLicences(root).keys()].toSorted()).toEqual([
      "admin",
      "agent",
      "agent/face",
      "agent/own-tailnet",
      "agent/service",
      "agent/wire",
      "args",
      "bin",
      "cli",
      "client",
      "client/classic",
      "client/frames",
      "client/transport",
      "config",
      "core",
      "disk",
      "doctor",
      "groups",
      "mls",
      "net",
      "server",
      "store",
      "tailnet",
      "text",
      "tui",
      "view",
      "wire/classic",
      "wire/frames",
      "wire/plain",
    ]);
  });
});

function run(tool: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join("node_modules", tool), ...args], {
    cwd: copy,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}
