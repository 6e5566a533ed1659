import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { Batch } from "../../src/core/ports.ts";
import type { StoredFact } from "../../src/store/stored.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { factBatch } from "./commit-facts.ts";

/**
 * Keeps batches one by one in the directory named first, saying each one's number, counted from `first`, once it is kept: `facts` claim
 * `n<number>`; `messages` leave the entry `number` + 1 of the log `room` and its cursor, which is for the journal.
 */
const [directory = "", first = "0", kind = "facts"] = process.argv.slice(2);
const store = await openSqliteStore(directory);
// Killed, it would keep nothing of what was compiled for the next one.
flushCompileCache();
for (let number = Number(first); ; number += 1) {
  await store.commit(kind === "messages" ? message(number + 1) : claim(number));
  // Not by a stream: what that still had to write when it is killed would have been kept without having been said.
  writeSync(1, `${number}\n`);
}

function claim(number: number): Batch {
  return factBatch({
    kind: "name-claimed",
    claim: { name: `n${number}`, identity: { kind: "local" }, claimedAt: number },
  });
}

function message(number: number): Batch<StoredFact> {
  return {
    facts: [{ table: "cursor", key: "ada", value: { number } }],
    appends: [{ log: "room", number, lasting: false, body: Buffer.alloc(2000, number) }],
    trims: [],
  };
}
