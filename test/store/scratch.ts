import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory for one test. */
export interface Scratch {
  readonly path: string;
  readonly remove: () => void;
}

export function scratchDirectory(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "padserve-store-"));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
