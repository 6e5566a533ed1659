import { expect, test } from "vitest";
import { FIRST_DAY, pictureOf } from "../../../../test/agent/first-day.ts";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import { Fault, openDatabase } from "./database.ts";
import type { Database } from "./database.ts";

test("AS-14 ended at any statement, opening among them, each commit is there whole or not at all, and all that were acknowledged", () => {
  const outcomes = faultless();
  for (let point = 0; ; point += 1) {
    const place = deviceScratch("fast");
    let [acknowledged, countdown, statement] = [0, point, ""];
    const faultPoint = (sql: string) => {
      statement = sql;
      if (countdown === 0) throw new Fault(sql);
      countdown -= 1;
    };
    let database: Database | null = null;
    let isOver = false;
    try {
      database = openDatabase(place, { faultPoint });
      for (const changes of FIRST_DAY) {
        database.commit(changes);
        acknowledged += 1;
      }
      database.tidy();
      isOver = true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
    // What the kernel does for a process that has ended: its files are closed, a transaction that wasn't committed is none.
    countdown = Infinity;
    database?.close();
    const again = openDatabase(place);
    const found = outcomes.indexOf(pictureOf(again));
    expect([acknowledged, acknowledged + 1], `ended before ${statement}`).toContain(found);
    // It goes on from there.
    for (const changes of FIRST_DAY.slice(found)) again.commit(changes);
    again.close();
    place.remove();
    if (isOver) {
      expect(point).toBeGreaterThan(50);
      return;
    }
  }
});

/** What is kept before the first commit, and after each. */
function faultless(): readonly string[] {
  const place = deviceScratch("fast");
  const database = openDatabase(place);
  const pictures = [pictureOf(database)];
  for (const changes of FIRST_DAY) {
    database.commit(changes);
    pictures.push(pictureOf(database));
  }
  database.close();
  place.remove();
  return pictures;
}
