/**
 * The server's store alone, as the delivery service uses it: each entry with the rows that go with it, of so many groups in turn, one
 * batch after another. What `appender.ts` is the floor of.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Row } from "../../src/groups/rows.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { AppendOrder, Appended } from "./appender.ts";

const GROUPS = 8;
const ID = "A".repeat(22);
const HASH = "A".repeat(43);

const folder = mkdtempSync(join(tmpdir(), "padserve-bench-"));
const store = await openSqliteStore(folder);
const groups = Array.from({ length: GROUPS }, (_, nth) => `${nth}${ID.slice(1)}`);
const heads = groups.map(() => 0);
let last = 0;

process.on("message", (order: AppendOrder | "usage") => {
  // That question is for `usage-reporter.ts`, where the system can't be asked.
  if (order !== "usage") void append(order).then((appended) => process.send?.(appended));
});
// Without whoever started it, nobody would end it.
process.on("disconnect", () => process.exit());
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.send?.("ready");

async function append({ seconds, batch, bytes }: AppendOrder): Promise<Appended> {
  const body = new Uint8Array(bytes);
  const start = performance.now();
  let entries = 0;
  for (; performance.now() - start < 1000 * seconds; entries += batch) {
    const made = Array.from({ length: batch }, () => entryOf(body));
    await store.commit({
      facts: made.flatMap(({ rows }) => rows),
      appends: made.map((each) => each.append),
      trims: [],
    });
  }
  return { entries, seconds: (performance.now() - start) / 1000 };
}

/** What a message leaves, see `decideSend`. */
function entryOf(body: Uint8Array) {
  const which = (last += 1) % GROUPS;
  const number = (heads[which] ?? 0) + 1;
  heads[which] = number;
  const [group, at] = [groups[which] ?? "", 1_800_000_000_000];
  const counted = { after: 0, messages: number * body.length, commits: 0 };
  const head = { number, hash: HASH, at, messagesForgotten: 0, commitsForgotten: 0, counted };
  const rows: Row[] = [
    { table: "head", key: group, value: head },
    { table: "writer", key: `${group}/${ID}`, value: { counter: number, message: ID, number, at } },
  ];
  return { rows, append: { log: `group/${group}`, number, body, lasting: false } };
}
