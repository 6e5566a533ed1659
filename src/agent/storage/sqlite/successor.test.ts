import { afterEach, beforeEach, expect, test } from "vitest";
import {
  conversation,
  group,
  groupAdded,
  hash,
  historyKept,
  id,
  message,
  written,
} from "../../../../test/agent/device-samples.ts";
import { deviceScratch, type DeviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { Change } from "../changes.ts";
import type { HistoryEntry } from "../kept.ts";
import { openDatabase, type Database } from "./database.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openDevice } from "./open.ts";

let place: DeviceScratch;
let database: Database;
const successor = new Uint8Array(16).fill(8);
const [own, other] = [id(500), id(501)];
const succeeded: Change = { kind: "group-succeeded", group, successor, device: own, behind: 2 };

beforeEach(() => {
  place = deviceScratch("fast");
  database = openDatabase(place);
  database.commit([groupAdded(), groupAdded(successor)]);
});
afterEach(() => {
  database.close();
  place.remove();
});

test("AS-22 own messages behind what the server has, then what waits, wait in the successor, with whom was shown", () => {
  database.commit([
    historyKept(1, message(1, "kept", own)),
    historyKept(3, message(3, "lost", own)),
    historyKept(4, message(4, "another's", other)),
    historyKept(5, message(5, "lost, too", own)),
    { kind: "message-written", group, message: written(6) },
    { kind: "message-written", group, message: written(7) },
    { kind: "flight-begun", group, flight: { messageId: id(6), number: 1, epoch: 0, sealed: hash } },
    { kind: "readers-shown", group, readers: ["bob"] },
    { kind: "devices-owed", group, devices: [{ deviceId: other, deviceKey: hash }] },
  ]);
  database.commit([succeeded]);
  expect(waitingIn(successor)).toEqual(["lost", "lost, too", "text 6", "text 7"]);
  expect(database.group(successor)?.readers).toEqual(new Set(["bob"]));
  const before = database.group(group);
  expect([waitingIn(group), before?.flight]).toEqual([[], null]);
  expect(database.group(successor)?.owed).toEqual([{ deviceId: other, deviceKey: hash }]);
  expect(database.load().owing).toEqual([successor]);
  expect(before?.row.successor).toEqual(successor);
  expect(() => database.commit([succeeded])).toThrow(/without a successor/);
  expect(waitingIn(successor).length).toBe(4);
});

test("AS-22 of a deleted message nothing goes out again, and its deletion does", () => {
  const amends = { how: "deletion", device: own, messageId: id(3) } as const;
  database.commit([historyKept(3, message(3, "regretted", own))]);
  database.commit([historyKept(4, { ...message(4, "", own), content: Uint8Array.of(1), text: null, amends })]);
  database.commit([succeeded]);
  expect(database.group(successor)?.outbox.map(({ messageId }) => messageId)).toEqual([id(4)]);
});

test("AS-33 what is sent again is bound to who could read it, into a further successor, too; where that isn't known it is for nobody else", () => {
  const amends = { how: "deletion", device: own, messageId: id(9) } as const;
  database.commit([
    readBy(["alice", "bob"], 3, message(3, "for two", own)),
    historyKept(4, message(4, "for nobody knows whom", own)),
    readBy(["alice", "bob"], 5, { ...message(5, "-", own), text: null, amends }),
    { kind: "message-written", group, message: written(6) },
  ]);
  const third = new Uint8Array(16).fill(9);
  database.commit([succeeded]);
  database.commit([
    groupAdded(third),
    { kind: "group-succeeded", group: successor, successor: third, device: own, behind: 0 },
  ]);
  database.close();
  database = openDatabase(place);
  const outbox = database.group(third)?.outbox ?? [];
  expect(outbox.map(({ audience }) => audience)).toEqual([["alice", "bob"], [], undefined, undefined]);
  expect(database.outbox().map(({ message: { audience } }) => audience)).toEqual(
    outbox.map(({ audience }) => audience),
  );
});

test("AS-33 what an earlier version had waiting to be sent again is bound to who could read it, too", () => {
  database.close();
  place.remove();
  place = deviceScratch("fast");
  const { connection: older } = openDevice(place, undefined, MIGRATIONS.slice(0, 9));
  older.exec(`
    INSERT INTO meta (key, value) VALUES ('device-id', x'07');
    INSERT INTO people (id, who) VALUES (1, 'alice'), (2, 'bob');
    INSERT INTO reader_sets (id, members) VALUES (1, x'0000000100000002');
    INSERT INTO groups (id, conversation, status, cursor, hash, sent, update_due) VALUES
      (x'01', 'c', 'stopped', 0, x'', 0, 0), (x'02', 'c', 'active', 0, x'', 0, 0);
    INSERT INTO history (conversation, group_id, number, at, kind, who, device, message_id, content, text, detail, readers) VALUES
      ('c', x'01', 1, 1, 'message', 'alice', x'07', x'01', x'01', 'one', '{"kind":"message","missed":0}', 1),
      ('c', x'01', 2, 1, 'message', 'alice', x'07', x'02', x'01', 'two', '{"kind":"message","missed":0}', NULL);
    INSERT INTO outbox (group_id, message_id, content, text, written_at) VALUES
      (x'02', x'01', x'01', 'one', 1), (x'02', x'02', x'01', 'two', 1), (x'02', x'03', x'01', 'new', 1);
  `);
  older.close();
  database = openDatabase(place);
  const outbox = database.group(Uint8Array.of(2))?.outbox ?? [];
  expect(outbox.map(({ audience }) => audience)).toEqual([["alice", "bob"], [], undefined]);
});

test("AS-22 a message that came again is there once, and what comes behind the successor has it from there", () => {
  const again = { ...historyKept(9, message(3, "lost", own)), group: successor };
  database.commit([historyKept(3, message(3, "lost", own))]);
  database.commit([again]);
  const rows = database.history(conversation, { before: null, limit: 9 });
  expect(rows.map(({ group: in_, number }) => ({ in_, number }))).toEqual([{ in_: successor, number: 9 }]);
  expect(database.search("lost", { conversation, limit: 9 }).length).toBe(1);
  const third = new Uint8Array(16).fill(9);
  database.commit([
    groupAdded(third),
    { kind: "group-succeeded", group: successor, successor: third, device: own, behind: 8 },
  ]);
  expect(waitingIn(third)).toEqual(["lost"]);
});

test("AS-22 where a conversation went on is told as kept", () => {
  const entry = { kind: "continued", why: "log-broken" } as const;
  database.commit([historyKept(0, entry, successor)]);
  database.close();
  database = openDatabase(place);
  expect(database.history(conversation, { before: null, limit: 9 }).map((row) => row.entry)).toEqual([entry]);
});

function readBy(readers: readonly string[], number: number, entry: HistoryEntry): Change {
  return { kind: "history-kept", conversation, group, number, at: number, entry, readers };
}

function waitingIn(of: Uint8Array): readonly (string | null)[] {
  return database.group(of)?.outbox.map(({ text }) => text) ?? [];
}
