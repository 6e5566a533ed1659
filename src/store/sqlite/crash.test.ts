import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { scratchDirectory } from "../../../test/store/scratch.ts";
import { openSqliteStore } from "./store.ts";

const committer = join(import.meta.dirname, "../../../test/store/commit-until-killed.ts");

test("ST-24 after kill -9 at any moment every acknowledged fact is there, and the directory is free", async () => {
  const scratch = scratchDirectory();
  try {
    let next = 0;
    // How many are acknowledged before the kill: none, one, few, and enough for the log to be folded in on the way.
    for (const acknowledged of [0, 1, 7, 40, 600]) {
      const last = await commitAndKill(scratch.path, next, acknowledged);
      const store = await openSqliteStore(scratch.path);
      const names = new Set((await store.load()).claims.map((claim) => claim.name));
      await store.close();
      expect(readdirSync(scratch.path)).toEqual(["padserve.db", "padserve.db-mark"]);
      const lost = Array.from({ length: last + 1 }, (_, number) => `n${number}`).filter((name) => !names.has(name));
      expect(lost).toEqual([]);
      // At most the one on its way may be there without having been acknowledged.
      expect(names.size).toBeLessThanOrEqual(last + 2);
      next = names.size;
    }
    expect(next).toBeGreaterThanOrEqual(648);
  } finally {
    scratch.remove();
  }
});

test("ST-24 after kill -9 at any moment every acknowledged message is there, whether it waited in the journal or the tables had it", async () => {
  const scratch = scratchDirectory();
  try {
    let next = 0;
    // The journal is full after some 250, so that the tables take it over on the way.
    for (const acknowledged of [0, 1, 7, 40, 300, 240]) {
      const last = await commitAndKill(scratch.path, next, acknowledged, "messages");
      const store = await openSqliteStore(scratch.path);
      const entries = await store.read({ log: "room", after: 0, limit: 10_000, bytes: 10_000_000 });
      const { rows } = await store.load();
      await store.close();
      expect(readdirSync(scratch.path)).toEqual(["padserve.db", "padserve.db-mark"]);
      // At most the one on its way may be there without having been acknowledged.
      next = entries.length;
      expect([last + 1, last + 2]).toContain(next);
      expect(entries.map(({ number, body }) => [number, body.length, body[0]])).toEqual(
        Array.from({ length: next }, (_, i) => [i + 1, 2000, (i + 1) & 255]),
      );
      expect(rows).toEqual(next === 0 ? [] : [{ table: "cursor", key: "ada", value: { number: next } }]);
    }
    expect(next).toBeGreaterThanOrEqual(588);
  } finally {
    scratch.remove();
  }
});

/** Kills the program once it has acknowledged `count` more; returns the last number it acknowledged before it died. */
async function commitAndKill(
  directory: string,
  first: number,
  count: number,
  kind: "facts" | "messages" = "facts",
): Promise<number> {
  const child = spawn(process.execPath, [committer, directory, String(first), kind], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const died = once(child, "exit");
  let last = first - 1;
  if (count === 0) child.kill("SIGKILL");
  for await (const line of createInterface(child.stdout)) {
    last = Number(line);
    if (last === first + count - 1) child.kill("SIGKILL");
  }
  expect(await died).toEqual([null, "SIGKILL"]);
  return last;
}
