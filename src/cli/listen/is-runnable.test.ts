import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../../test/helpers/program.ts";
import { whyNotRunnable } from "./is-runnable.ts";

const env = { PATH: `/nonexistent:${dirname(process.execPath)}:/usr/bin:/bin` };

test("CM-15 a command that can be run has nothing wrong with it", () => {
  const folder = scratchFolder();
  for (const first of ["#!/bin/sh", "#! /bin/sh -e", "#!/usr/bin/env sh", "#!/usr/bin/env -S sh -e", "echo", ""]) {
    expect(whyNotRunnable(script(folder, first), env)).toBeNull();
  }
  expect(whyNotRunnable("sh", env)).toBeNull();
  expect(whyNotRunnable(process.execPath, {})).toBeNull();
});

test("CM-15 what is missing is named: the command, or what its first line asks for", () => {
  const folder = scratchFolder();
  mkdirSync(join(folder, "sh"));
  expect(whyNotRunnable("no-such-command", env)).toBe("There is no command no-such-command in PATH.");
  expect(whyNotRunnable("./no-such", env)).toBe("There is no command ./no-such that may be run.");
  expect(whyNotRunnable(join(folder, "sh"), env)).toContain("that may be run");
  const python = script(folder, "#!/nonexistent/python3");
  expect(whyNotRunnable(python, env)).toBe(
    `${python} can't be run: its first line asks for /nonexistent/python3, which is not there.`,
  );
  const ruby = script(folder, "#!/usr/bin/env no-such-ruby");
  expect(whyNotRunnable(ruby, env)).toContain("asks for no-such-ruby");
  const plain = script(folder, "#!/bin/sh");
  chmodSync(plain, 0o644);
  expect(whyNotRunnable(plain, env)).toContain("that may be run");
});

let count = 0;

function script(folder: string, first: string): string {
  const path = join(folder, `script-${count++}`);
  writeFileSync(path, `${first}\n`, { mode: 0o755 });
  return path;
}
