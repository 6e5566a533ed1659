/**
 * `npm run engine`: builds `src/mls/engine.wasm` and its JavaScript from `engine/`, with the toolchain that
 * `engine/rust-toolchain.toml` names. With `--check` it compares with what is committed instead of replacing it, and ends with
 * 1 where they differ; with 77 where the toolchain can't be had. docs/decisions/sealing-engine.md says why these tools.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { factoryOf } from "./engine/factory.ts";
import { licencesOf } from "./engine/licences.ts";

const NOT_POSSIBLE = 77;
const TARGET = "wasm32-unknown-unknown";
const root = join(import.meta.dirname, "..");
const workspace = join(root, "engine");
const committed = join(root, "src", "mls", "module");

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const missing = whyNotPossible();
if (missing !== null) {
  process.stderr.write(`engine: ${missing}\n`);
  process.exitCode = NOT_POSSIBLE;
} else {
  const built = build();
  if (values.check) compare(built);
  else for (const [file, bytes] of built) writeFileSync(join(committed, file), bytes);
  for (const [file, bytes] of built) process.stdout.write(`${sha256(bytes)}  src/mls/module/${file}\n`);
}

/** The files, by name. The same bytes wherever this folder and Cargo's are. */
function build(): ReadonlyMap<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "padserve-engine-"));
  const target = process.env["CARGO_TARGET_DIR"] ?? join(workspace, "target");
  mkdirSync(target, { recursive: true });
  try {
    cargo(["build", "--release", "--locked", "-p", "padserve-engine", "--target", TARGET], target);
    cargo(["build", "--profile", "tool", "--locked", "-p", "padserve-engine-bindgen"], target);
    const bindgen = join(target, "tool", "padserve-engine-bindgen");
    run(bindgen, [join(target, TARGET, "release", "engine.wasm"), folder]);
    const bound = join(folder, "engine_bg.wasm");
    const optimised = join(folder, "engine.wasm");
    run(process.execPath, [join(root, "node_modules", "binaryen", "bin", "wasm-opt"), "-O3", bound, "-o", optimised]);
    const wasm = readFileSync(optimised);
    const glue = Buffer.from(factoryOf(readFileSync(join(folder, "engine.js"), "utf8")));
    return new Map([
      ["engine.wasm", wasm],
      ["glue.ts", glue],
      ["engine.json", Buffer.from(`${JSON.stringify(provenance(wasm, glue), null, 2)}\n`)],
      ["THIRD-PARTY-LICENSES.txt", Buffer.from(licencesOf(metadata(), "padserve-engine"))],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function metadata(): string {
  const args = ["metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET];
  const { status, stdout, stderr } = spawnSync("cargo", args, {
    cwd: workspace,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** What is written beside the module: what it is and what it was made with. */
function provenance(wasm: Buffer, glue: Buffer): object {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    wasm: sha256(wasm),
    glue: sha256(glue),
    bytes: wasm.length,
    toolchain: toolchain(),
    target: TARGET,
    lock: { file: "engine/Cargo.lock", sha256: sha256(readFileSync(join(workspace, "Cargo.lock"))) },
    binaryen: devDependencies.binaryen,
    rebuild: "npm run engine",
  };
}

function compare(built: ReadonlyMap<string, Buffer>): void {
  for (const [file, bytes] of built) {
    if (bytes.equals(readFileSync(join(committed, file)))) continue;
    process.stderr.write(
      `engine: src/mls/module/${file} is not what engine/ builds: run npm run engine and commit it\n`,
    );
    process.exitCode = 1;
  }
}

function whyNotPossible(): string | null {
  const cargoVersion = spawnSync("cargo", ["--version"], { cwd: workspace, encoding: "utf8" });
  if (cargoVersion.error !== undefined) return "there is no cargo here: install Rust by rustup to rebuild the module";
  if (cargoVersion.status !== 0 || !cargoVersion.stdout.includes(toolchain())) {
    return `Rust ${toolchain()} can't be had here: ${cargoVersion.stderr.trim() || cargoVersion.stdout.trim()}`;
  }
  const library = spawnSync("rustc", ["--print", "target-libdir", "--target", TARGET], {
    cwd: workspace,
    encoding: "utf8",
  });
  const present = spawnSync("test", ["-d", library.stdout.trim()]).status === 0;
  if (library.status === 0 && present) return null;
  const added = spawnSync("rustup", ["target", "add", TARGET], { cwd: workspace, encoding: "utf8" });
  return added.status === 0 ? null : `Rust's target ${TARGET} can't be had here: ${added.stderr ?? ""}`;
}

function toolchain(): string {
  const channel = /channel = "([^"]+)"/.exec(readFileSync(join(workspace, "rust-toolchain.toml"), "utf8"))?.[1];
  if (channel === undefined) throw new Error("engine/rust-toolchain.toml names no channel");
  return channel;
}

/** Paths of this machine are written as if they were others: the module holds the places of panics. */
function cargo(args: readonly string[], target: string): void {
  const cargoHome = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
  const flags = [`${target}=/target`, `${workspace}=/engine`, `${cargoHome}=/cargo`].map(
    (pair) => `--remap-path-prefix=${pair}`,
  );
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    CARGO_TARGET_DIR: target,
    CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
  };
  for (const name of ["RUSTFLAGS", "RUSTUP_TOOLCHAIN", "CARGO_BUILD_RUSTFLAGS"]) delete env[name];
  run("cargo", args, env);
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status, error } = spawnSync(command, args, { cwd: workspace, env, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(" ")} ended with ${status}`);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
