import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../../src/agent/storage/sqlite/open.ts";
import { scratchDirectory } from "../store/scratch.ts";

export interface DeviceScratch extends Place {
  /** Every byte of every file in the device's folder. */
  readonly bytes: () => Buffer;
  readonly remove: () => void;
}

/** A place for one device, its key apart. `fast`: see `scratchDirectory`. */
export function deviceScratch(speed: "real" | "fast" = "real"): DeviceScratch {
  const { path, remove } = scratchDirectory(speed);
  const folder = join(path, "state", "server");
  return {
    folder,
    keyFile: join(path, "settings", "device.key"),
    machine: "0123456789abcdef0123456789abcdef",
    bytes: () => Buffer.concat(readdirSync(folder).map((file) => readFileSync(join(folder, file)))),
    remove,
  };
}
