import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BOUNDS } from "./bounds.ts";
import { ENGINE_ERRORS } from "./engine-error.ts";

const root = join(import.meta.dirname, "../..");
const sha256 = (file: string): string =>
  createHash("sha256")
    .update(readFileSync(join(root, file)))
    .digest("hex");

test("EN-31 the committed module and its glue are those that engine.json names, made with the committed lock file", () => {
  const told = JSON.parse(readFileSync(join(root, "src/mls/module/engine.json"), "utf8"));
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(told).toMatchObject({
    wasm: sha256("src/mls/module/engine.wasm"),
    glue: sha256("src/mls/module/glue.ts"),
    lock: { file: "engine/Cargo.lock", sha256: sha256("engine/Cargo.lock") },
    binaryen: devDependencies.binaryen,
  });
  const toolchain = readFileSync(join(root, "engine/rust-toolchain.toml"), "utf8");
  expect(toolchain).toContain(`channel = "${told.toolchain}"`);
});

test("EN-32 bounds and errors are the same in Rust and in TypeScript", () => {
  const bounds = readFileSync(join(root, "engine/module/src/bounds.rs"), "utf8");
  const rust = [...bounds.matchAll(/^pub const ([A-Z_]+): usize = ([0-9_]+);$/gm)].map(
    ([, name, figure]) => [camel(name!), Number(figure!.replaceAll("_", ""))] as const,
  );
  const { pastEpochs, ...others } = Object.fromEntries(rust);
  expect(others).toEqual(BOUNDS);
  expect(pastEpochs).toBe(3);
  const errors = readFileSync(join(root, "engine/module/src/error.rs"), "utf8");
  const words = [...errors.matchAll(/^ +Code::\w+ => "([a-z-]+)",$/gm)].map(([, word]) => `${word}`);
  // `closed` is said on this side.
  expect(new Set(words)).toEqual(new Set(ENGINE_ERRORS.filter((word) => word !== "closed")));
});

function camel(name: string): string {
  return name.toLowerCase().replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
