import type { Change } from "../../src/agent/storage/changes.ts";
import type { Database } from "../../src/agent/storage/sqlite/database.ts";
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
} from "./device-samples.ts";

/** A device's first day: each of these is one commit. */
export const FIRST_DAY: readonly (readonly Change[])[] = [
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

/** All that is kept, as text. */
export function pictureOf(database: Database): string {
  const { drafts, ...saved } = database.load();
  const kept = database.group(group);
  const history = database.history(conversation, { before: null, limit: 10 });
  const found = database.search("own another", { conversation: null, limit: 10 });
  return JSON.stringify([saved, [...drafts], kept, history, found]);
}
