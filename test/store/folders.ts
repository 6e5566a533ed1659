import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";

/** A data folder that an earlier version left (`test/store/folders`, recorded with that version), unpacked into `directory`. */
export function unpackFolder(name: string, directory: string): void {
  const packed = join(import.meta.dirname, "folders", name);
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(packed))
    writeFileSync(join(directory, basename(file, ".gz")), gunzipSync(readFileSync(join(packed, file))));
}

/** Every file of a folder with its bytes, to be compared. */
export function filesIn(directory: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, readFileSync(join(directory, name)).toString("base64")]),
  );
}
