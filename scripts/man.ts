/** Writes the man pages into `man`: one for both commands, and one that names it for the second. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { allSpecs } from "../src/bin/table.ts";
import { packageVersion } from "../src/disk/package-version.ts";
import { manPage } from "./man-page.ts";

const folder = join(import.meta.dirname, "..", "man");
writeFileSync(join(folder, "padserve.1"), manPage(await allSpecs(), packageVersion()));
writeFileSync(join(folder, "pad.1"), ".so man1/padserve.1\n");
