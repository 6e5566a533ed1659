import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bob, conversation, historyKept, id, message } from "../../../test/agent/device-samples.ts";
import { deviceScratch } from "../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../test/agent/device-scratch.ts";
import { openDatabase } from "../storage/sqlite/database.ts";
import { storeInThisThread } from "../storage/sqlite/store.ts";
import type { AgentStore } from "../storage/ports.ts";
import { exportTo, importFrom } from "./export.ts";
import { readMessage, readOwner } from "./lines.ts";

const places: DeviceScratch[] = [];
let file: string;
let [from, into]: AgentStore[] = [];
beforeEach(() => {
  from = newStore();
  into = newStore();
  file = join(places[0]?.folder ?? "", "export");
});
afterEach(async () => {
  await from?.close();
  await into?.close();
  for (const place of places.splice(0)) place.remove();
});

const userSeed = Uint8Array.from(randomBytes(32));
const isTheirs = () => true;
const digest = (content: Uint8Array) => ({ text: Buffer.from(content).toString(), amends: null });

test("AD-11 an export brings user key and messages to another store, edits and deletions done, and each once however often it is read", async () => {
  const { store, other } = stores();
  const texts = Array.from({ length: 250 }, (_, index) => `text ${index} ${"x".repeat(index * 5)}`);
  await store.commit(texts.map((text, index) => historyKept(index + 1, message(index + 1, text))));
  const amended = { ...message(900, "edited"), amends: { how: "edit", device: id(500), messageId: id(1) } as const };
  const erased = { ...message(901, ""), amends: { how: "deletion", device: id(500), messageId: id(2) } as const };
  await store.commit([
    historyKept(251, amended),
    historyKept(252, erased),
    historyKept(253, { kind: "gap", from: 1, to: 2 }),
    { kind: "name-pinned", pin: { name: "bob", who: bob } },
  ]);
  expect(await exportTo(file, "correct horse", { store, who: bob, userSeed, digest })).toEqual({ kind: "done" });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (let turn = 0; turn < 2; turn += 1) {
    const imported = await importFrom(file, "correct horse", { store: other, isTheirs });
    expect(imported).toMatchObject({ kind: "done", owner: { who: bob, userSeed, names: [{ name: "bob", who: bob }] } });
    const page = { before: null, limit: 1000 };
    const shown = (await other.history(conversation, page)).map(({ entry, amended: how }) => [textOf(entry), how]);
    const expected = (await store.history(conversation, page)).map(({ entry, amended: how }) => [textOf(entry), how]);
    expect(shown).toEqual(expected.filter(([text]) => text !== "gap"));
    expect((await other.search("edited", { conversation: null, limit: 5 })).length).toBe(1);
  }
  // Nothing of it is readable without the passphrase, and the keys of the device are not in it at all.
  const bytes = readFileSync(file);
  expect([bytes.includes("text 7"), bytes.includes(userSeed)]).toEqual([false, false]);
});

test("AD-11 with another passphrase, cut short, changed anywhere, or of another person, an export gives no key", async () => {
  const { store, other } = stores();
  await store.commit(
    Array.from({ length: 90 }, (_, index) => historyKept(index + 1, message(index + 1, "y".repeat(2000)))),
  );
  await exportTo(file, "correct horse", { store, who: bob, userSeed });
  const read = async (passphrase = "correct horse") => await importFrom(file, passphrase, { store: other, isTheirs });
  expect(await read("battery staple")).toEqual({ kind: "wrong-passphrase" });
  expect(await importFrom(file, "correct horse", { store: other, isTheirs: () => false })).toMatchObject({ kind: "failed" }); // prettier-ignore
  const whole = readFileSync(file);
  const spoilt = [
    whole.subarray(0, -1),
    whole.subarray(0, 49 + 4 + 65_552),
    whole.subarray(0, 40),
    Buffer.concat([whole, Buffer.of(0)]),
    Buffer.from(whole).fill(7, whole.length - 20),
    Buffer.alloc(0),
  ];
  for (const bytes of spoilt) {
    writeFileSync(file, bytes);
    expect((await read()).kind).toBe("failed");
  }
  const other5 = Buffer.from(whole);
  other5[60] = (other5[60] ?? 0) ^ 1;
  writeFileSync(file, other5);
  expect(await read()).toEqual({ kind: "wrong-passphrase" });
});

test("AD-11 an export overwrites nothing, and what can't be written is taken away", async () => {
  const { store } = stores();
  writeFileSync(file, "mine");
  expect(await exportTo(file, "x", { store, who: bob, userSeed })).toMatchObject({ kind: "failed" });
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect(await exportTo("export", "x", { store, who: bob, userSeed })).toMatchObject({ kind: "failed" });
  expect(await exportTo(`${file}2`, "", { store, who: bob, userSeed })).toMatchObject({ kind: "failed" });
  expect(await importFrom(`${file}3`, "x", { store, isTheirs })).toMatchObject({ kind: "failed" });
});

test("AD-11 whatever a line of an export says, it is read as one or not at all", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      readOwner(line);
      readMessage(line);
    }),
  );
  expect(readOwner(JSON.stringify({ export: 1, who: bob, userSeed: "AA", names: [] }))).toBeNull();
});

function newStore(): AgentStore {
  const place = deviceScratch();
  places.push(place);
  return storeInThisThread(openDatabase(place));
}

function stores() {
  if (from === undefined || into === undefined) throw new Error("two were opened");
  return { store: from, other: into };
}

function textOf(entry: { readonly kind: string; readonly text?: string | null }): string | null {
  return entry.kind === "message" ? (entry.text ?? null) : entry.kind;
}
