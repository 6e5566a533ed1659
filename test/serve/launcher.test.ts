import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProgram } from "../helpers/program.ts";

const LAUNCHER = join(import.meta.dirname, "../../bin/launch.cjs");

/** A Node on this machine that is too old for us, or null. */
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find(isOld) ?? null;

test("SV-22 on too old a Node the launcher says which is needed, which this is, and how to get one", async (context) => {
  if (oldNode === null) return context.skip("there is no old Node on this machine");
  const version = versionOf(oldNode);
  const { code, stdout, stderr } = await startProgram([oldNode, LAUNCHER, "serve"]).exited;
  expect(stderr).toContain(`padserve needs Node.js 24.15 or later; this is ${version} (${realpathSync(oldNode)}).`);
  expect(stderr).toContain("https://nodejs.org/");
  expect([code, stdout]).toEqual([2, ""]);
});

function isOld(path: string): boolean {
  if (!existsSync(path)) return false;
  const [major = 0, minor = 0] = versionOf(path).split(".").map(Number);
  return major < 24 || (major === 24 && minor < 15);
}

function versionOf(path: string): string {
  return execFileSync(path, ["--version"], { encoding: "utf8" }).trim().slice(1);
}
