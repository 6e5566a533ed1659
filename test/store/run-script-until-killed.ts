import fs from "node:fs";
import { flushCompileCache } from "node:module";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { watchSteps } from "./fault.ts";
import { SCRIPT } from "./script.ts";

/**
 * Keeps SCRIPT in the directory named first and says how many batches are kept after each; at its `nth` step it is killed by
 * itself, as `kill -9` would. With no such step it comes to its end and says `end`.
 */
const [directory = "", nth = "0"] = process.argv.slice(2);
// Killed, it would keep nothing of what was compiled for the next one.
flushCompileCache();
// As it is now: what is said is no step of the store.
const { writeSync } = fs;
watchSteps((step) => {
  if (step === Number(nth)) process.kill(process.pid, "SIGKILL");
});
const database = openDatabase(directory);
for (const [index, batch] of SCRIPT.entries()) {
  database.commit(batch);
  writeSync(1, `${index + 1}\n`);
}
database.close();
writeSync(1, "end\n");
