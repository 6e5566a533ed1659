import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory for one test. */
export interface Scratch {
  readonly path: string;
  readonly remove: () => void;
}

/** `fast`: in memory where the system has such a place, for tests that open many databases. */
export function scratchDirectory(speed: "real" | "fast" = "real"): Scratch {
  const above = speed === "fast" && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const path = mkdtempSync(join(above, "padserve-store-"));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
