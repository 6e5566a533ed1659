/**
 * The floor of appending: a bare `node:sqlite` program that puts ready-made entries into one table, so many in each transaction,
 * as durably as the server does (write-ahead log, `synchronous=FULL`). It has no sockets, checks nothing and keeps no sums.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What it is asked, over the IPC channel: it answers with how many entries it has appended, and in how many seconds. */
export interface AppendOrder {
  readonly seconds: number;
  readonly batch: number;
  /** Bytes of an entry. */
  readonly bytes: number;
}
export interface Appended {
  readonly entries: number;
  readonly seconds: number;
}

const folder = mkdtempSync(join(tmpdir(), "padserve-bench-"));
const database = new DatabaseSync(join(folder, "floor.db"));
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
database.exec("CREATE TABLE entries (number INTEGER PRIMARY KEY, body BLOB) STRICT");
const insert = database.prepare("INSERT INTO entries (body) VALUES (?)");

process.on("message", (order: AppendOrder | "usage") => {
  // That question is for `usage-reporter.ts`, where the system can't be asked.
  if (order !== "usage") process.send?.(append(order));
});
// Without whoever started it, nobody would end it.
process.on("disconnect", () => process.exit());
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.send?.("ready");

function append({ seconds, batch, bytes }: AppendOrder): Appended {
  const body = new Uint8Array(bytes);
  const start = performance.now();
  let entries = 0;
  for (; performance.now() - start < 1000 * seconds; entries += batch) {
    database.exec("BEGIN");
    for (let i = 0; i < batch; i++) insert.run(body);
    database.exec("COMMIT");
  }
  return { entries, seconds: (performance.now() - start) / 1000 };
}
