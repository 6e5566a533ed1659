import { expect, test } from "vitest";
import {
  conversation,
  group,
  groupAdded,
  groupSaved,
  hash,
  historyKept,
  id,
  message,
  written,
} from "../../../../test/agent/device-samples.ts";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { Change } from "../changes.ts";
import { Fault, openDatabase } from "./database.ts";
import type { Database } from "./database.ts";

/** A device's first day: each of these is one commit. */
const commits: readonly (readonly Change[])[] = [
  [
    { kind: "device-made", device: { id: id(1), seed: id(2), record: id(3) } },
    { kind: "user-key-kept", seed: id(4) },
    { kind: "key-package-made", keyPackage: { reference: id(5), secret: id(6), lastResort: false, madeAt: 1 } },
  ],
  [groupAdded(), groupSaved(id(10), id(11)), { kind: "key-package-dropped", reference: id(5) }],
  [{ kind: "message-written", group, message: written(1) }],
  [
    groupSaved(id(12), null),
    { kind: "flight-begun", group, flight: { messageId: id(1), number: 1, epoch: 1, sealed: id(1) } },
  ],
  [
    { kind: "flight-stored", group, messageId: id(1), number: 1 },
    historyKept(4, message(1, "own")),
    { kind: "cursor-moved", group, from: 3, to: 4, hash },
  ],
  [
    groupSaved(id(13), id(14)),
    historyKept(5, message(2, "another's")),
    { kind: "cursor-moved", group, from: 4, to: 5, hash },
  ],
];

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
      for (const changes of commits) {
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
    const found = outcomes.indexOf(picture(again));
    expect([acknowledged, acknowledged + 1], `ended before ${statement}`).toContain(found);
    // It goes on from there.
    for (const changes of commits.slice(found)) again.commit(changes);
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
  const pictures = [picture(database)];
  for (const changes of commits) {
    database.commit(changes);
    pictures.push(picture(database));
  }
  database.close();
  place.remove();
  return pictures;
}

/** All that is kept, as text. */
function picture(database: Database): string {
  const { drafts, ...saved } = database.load();
  const kept = database.group(group);
  const history = database.history(conversation, { before: null, limit: 10 });
  const found = database.search("own another", { conversation: null, limit: 10 });
  return JSON.stringify([saved, [...drafts], kept, history, found]);
}
