/** Compiles the package into `dist`, which is emptied first: a stale file would be published. The engine goes with it. */
import { spawnSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", "--force"], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = tsc.status ?? 1;
for (const file of ["engine.wasm", "engine.json", "THIRD-PARTY-LICENSES.txt"]) {
  if (tsc.status === 0) copyFileSync(join(root, "src/mls/module", file), join(root, "dist/mls/module", file));
}
