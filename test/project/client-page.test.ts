import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ConnectionEnd, Failure, Refusal } from "../../src/client/index.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/client.md"), "utf8");

/** The compiler asks here for each value of the unions, and for no other. */
const ENDS: Record<ConnectionEnd["kind"], true> = {
  left: true,
  kicked: true,
  banned: true,
  refused: true,
  unreachable: true,
  broken: true,
  closed: true,
  silent: true,
  "not-padserve": true,
  oversized: true,
  forgotten: true,
  agent: true,
};
const REFUSALS: Record<Refusal["reason"], true> = {
  "invalid-name": true,
  "name-taken": true,
  "name-has-key": true,
  "too-many-names": true,
  "you-are-banned": true,
  "not-a-member": true,
  "identity-unavailable": true,
  "server-full": true,
  "timed-out": true,
  "storage-failed": true,
  "own-disk-failed": true,
  "recipient-not-found": true,
  "too-many-messages": true,
  "too-long": true,
  "not-operator": true,
  "operator-immune": true,
  "target-not-found": true,
  "not-banned": true,
  unsupported: true,
  "not-understood": true,
  other: true,
  "own-device": true,
  "too-slow": true,
  "no-open-room": true,
  "rolled-back": true,
  replaced: true,
  "device-removed": true,
  "device-not-confirmed": true,
  "no-such-device": true,
  "device-confirmed": true,
  "wrong-passphrase": true,
  "room-name-taken": true,
  "room-name-reserved": true,
  "no-such-room": true,
  "no-such-message": true,
  "no-device": true,
  "not-met": true,
  "other-number": true,
  "own-user-only": true,
  "not-allowed": true,
  "not-in-conversation": true,
  "conversation-ended": true,
  "device-returning": true,
};
const NOT_SENT: Record<Extract<Failure, { kind: "not-sent" }>["why"], true> = {
  offline: true,
  ended: true,
  "invalid-recipient": true,
  "too-long": true,
  busy: true,
  "sealed-only": true,
};

test("CC-34 the library's page has each end, refusal and reason not to send, and no other", () => {
  expect(firstColumn("## Why a connection is over")).toEqual(Object.keys(ENDS).toSorted());
  expect(firstColumn("## Why a server says no", ["action", "target"])).toEqual(Object.keys(REFUSALS).toSorted());
  const [, reasons = ""] = /`not-sent` says why in `why`: (.*)\./.exec(page) ?? [];
  expect(words(reasons).toSorted()).toEqual(Object.keys(NOT_SENT).toSorted());
});

/** What stands in back quotes in the first column of a section's table, but for the fields named beside it. */
function firstColumn(heading: string, fields: readonly string[] = []): readonly string[] {
  const section = page.slice(page.indexOf(heading)).split("\n## ")[0] ?? "";
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| `") && !line.startsWith("| `kind`") && !line.startsWith("| `reason`"));
  const found = rows.flatMap((row) => words(row.split(" | ")[0] ?? ""));
  return found.filter((word) => !fields.includes(word)).toSorted();
}

function words(text: string): readonly string[] {
  return [...text.matchAll(/`([a-z-]+)`/g)].map(([, word = ""]) => word);
}
