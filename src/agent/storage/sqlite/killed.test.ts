import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { conversation, group } from "../../../../test/agent/device-samples.ts";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../../test/agent/device-scratch.ts";
import { openDatabase } from "./database.ts";

const program = join(import.meta.dirname, "../../../../test/agent/commit-until-killed.ts");

test("AS-14 after kill -9 in the middle of work, everything acknowledged is there, history and cursor together", async () => {
  const place = deviceScratch();
  let next = 1;
  for (const count of [1, 20, 300]) {
    const acknowledged = await keepAndKill(place, next, count);
    const database = openDatabase(place);
    const cursor = database.group(group)?.row.cursor ?? 0;
    const rows = database.history(conversation, { before: null, limit: 1000 });
    database.close();
    // At most the one on its way may be there without having been acknowledged.
    expect([acknowledged, acknowledged + 1]).toContain(cursor);
    expect(rows.map(({ number }) => number).toReversed()).toEqual(
      Array.from({ length: cursor }, (_, index) => index + 1),
    );
    next = cursor + 1;
  }
  place.remove();
});

test("AG-63 an agent whose folder another machine's has taken meanwhile is killed before it writes", async () => {
  const place = deviceScratch();
  const path = join(place.folder, "owner");
  mkdirSync(place.folder, { recursive: true });
  writeFileSync(path, held("ours"));
  const child = spawn(process.execPath, [program, place.folder, place.keyFile, "1", path, held("ours")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const died = once(child, "exit");
  let last = 0;
  for await (const line of createInterface(child.stdout)) {
    last = Number(line);
    if (last === 5) writeFileSync(path, held("another's"));
  }
  expect(await died).toEqual([null, "SIGKILL"]);
  expect(last).toBeGreaterThanOrEqual(5);
  const database = openDatabase(place);
  expect(database.group(group)?.row.cursor).toBe(last);
  database.close();
  place.remove();
});

/** Kills the program once it has acknowledged so many more; gives the last number that it acknowledged before it died. */
async function keepAndKill({ folder, keyFile }: DeviceScratch, first: number, count: number): Promise<number> {
  const child = spawn(process.execPath, [program, folder, keyFile, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const died = once(child, "exit");
  let last = first - 1;
  for await (const line of createInterface(child.stdout)) {
    last = Number(line);
    if (last === first + count - 1) child.kill("SIGKILL");
  }
  expect(await died).toEqual([null, "SIGKILL"]);
  return last;
}

function held(run: string): string {
  return JSON.stringify({ what: "held", system: "", host: "", run });
}
