/**
 * The floor of appending as a server needs it that is not to wait for the disk: what `appender.ts` does, on a thread of its own, which is
 * handed the entries of a transaction in one block and answers when they are on the disk.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { AppendOrder, Appended } from "./appender.ts";

interface Handed {
  readonly block: Uint8Array<ArrayBuffer>;
  /** Of each entry in it. */
  readonly bytes: number;
}

if (isMainThread) measure();
else appendAll(join(String(workerData), "floor.db"));

function measure(): void {
  const folder = mkdtempSync(join(tmpdir(), "padserve-bench-"));
  const thread = new Worker(new URL(import.meta.url), { workerData: folder });
  process.on("message", (order: AppendOrder | "usage") => {
    // That question is for `usage-reporter.ts`, where the system can't be asked.
    if (order !== "usage") void append(thread, order).then((appended) => process.send?.(appended));
  });
  // Without whoever started it, nobody would end it.
  process.on("disconnect", () => process.exit());
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  thread.once("online", () => process.send?.("ready"));
}

async function append(thread: Worker, { seconds, batch, bytes }: AppendOrder): Promise<Appended> {
  const body = new Uint8Array(bytes);
  const start = performance.now();
  let entries = 0;
  for (; performance.now() - start < 1000 * seconds; entries += batch) {
    const block = new Uint8Array(batch * bytes);
    for (let nth = 0; nth < batch; nth++) block.set(body, nth * bytes);
    const handed: Handed = { block, bytes };
    thread.postMessage(handed, [block.buffer]);
    await once(thread, "message");
  }
  return { entries, seconds: (performance.now() - start) / 1000 };
}

function appendAll(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
  database.exec("CREATE TABLE entries (number INTEGER PRIMARY KEY, body BLOB) STRICT");
  const insert = database.prepare("INSERT INTO entries (body) VALUES (?)");
  parentPort?.on("message", ({ block, bytes }: Handed) => {
    database.exec("BEGIN");
    for (let at = 0; at < block.length; at += bytes) insert.run(block.subarray(at, at + bytes));
    database.exec("COMMIT");
    parentPort?.postMessage("done", []);
  });
}
