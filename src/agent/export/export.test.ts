import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  bob,
  conversation,
  groupAdded,
  groupSaved,
  historyKept,
  id,
  message,
  secret,
} from "../../../test/agent/device-samples.ts";
import { deviceScratch } from "../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../test/agent/device-scratch.ts";
import { AgentStoreError } from "../storage/errors.ts";
import { openDatabase } from "../storage/sqlite/database.ts";
import { storeInThisThread } from "../storage/sqlite/store.ts";
import type { AgentStore } from "../storage/ports.ts";
import { exportTo, importFrom } from "./export.ts";
import { inLines, ownerLine, readItem, readOwner } from "./lines.ts";
import { readSealed } from "./sealed-file.ts";

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
    expect(imported).toMatchObject({
      kind: "done",
      owner: { who: bob, userSeed },
      names: [{ name: "bob", who: bob }],
    });
    const page = { before: null, limit: 1000 };
    const shown = (await other.history(conversation, page)).map(({ entry, amended: how }) => [textOf(entry), how]);
    const expected = (await store.history(conversation, page)).map(({ entry, amended: how }) => [textOf(entry), how]);
    // Above them: from when the file is.
    expect(shown[0]).toEqual(["imported", null]);
    expect(shown.slice(1)).toEqual(expected.filter(([text]) => text !== "gap"));
    expect((await other.search("edited", { conversation: null, limit: 5 })).length).toBe(1);
  }
});

test("AD-11 nothing of an export is readable without the passphrase, and no key of the device or of a group is in it at all", async () => {
  const { store } = stores();
  const [device, sealKey] = [
    { id: id(9), seed: key() },
    { secretKey: key(), publicKey: key() },
  ];
  const [token, state, tree] = [secret().subarray(0, 16), secret(), secret()];
  await store.commit([
    { kind: "device-pending", device, sealKey, of: bob, token },
    { kind: "device-confirmed", record: secret(), userSeed },
    { kind: "token-kept", token },
    groupAdded(),
    groupSaved(state, tree),
    historyKept(1, message(1, "text 7", device.id)),
  ]);
  const kept = await store.load();
  expect(Buffer.from(kept.device?.seed ?? []).equals(device.seed)).toBe(true);
  expect(await exportTo(file, "correct horse", { store, who: bob, userSeed })).toEqual({ kind: "done" });
  const lines = await linesIn(file);
  const secrets = [device.seed, sealKey.secretKey, token, state, tree];
  expect(lines[1]).toContain("text 7");
  expect([userSeed, ...secrets].map((bytes) => isIn(lines.join("\n"), bytes))).toEqual([
    true,
    ...secrets.map(() => false),
  ]);
  const bytes = readFileSync(file).toString("latin1");
  expect([bytes.includes("text 7"), isIn(bytes, userSeed)]).toEqual([false, false]);
});

test("AD-11 more names than one line takes come through, and what couldn't be read again is no export", async () => {
  const { store, other } = stores();
  const names = Array.from({ length: 10_001 }, (_, index) => namePin(index));
  await store.commit(names.map((pin) => ({ kind: "name-pinned", pin }) as const));
  await exportTo(file, "x", { store, who: bob, userSeed });
  const imported = await importFrom(file, "x", { store: other, isTheirs });
  expect(imported).toMatchObject({ kind: "done" });
  expect((await other.load()).names).toHaveLength(names.length);

  await store.commit([historyKept(7, message(7, "to many"), id(1))]);
  for (const readers of [
    Array.from({ length: 10_001 }, (_, index) => `${index}`),
    Array.from({ length: 10_000 }, (_, index) => `${index}`.padEnd(200, "x")),
  ]) {
    const news = (await store.news(0, 1)).map((row) => Object.assign(row, { readers }));
    const overfull = but({ news: async () => await Promise.resolve(news) });
    expect(await exportTo(`${file}2`, "x", { store: overfull, who: bob, userSeed })).toEqual({
      kind: "failed",
      text: expect.stringContaining("message 7 of the group AAAAAAAAAAAAAAAAAAAAAQ is more than an export can hold"),
    });
    expect(existsSync(`${file}2`)).toBe(false);
  }
  const many = { ...(await store.load()), names: Array.from({ length: 20_001 }, (_, index) => namePin(index)) };
  const crowded = but({ load: async () => await Promise.resolve(many) });
  expect(await exportTo(`${file}2`, "x", { store: crowded, who: bob, userSeed })).toMatchObject({ kind: "failed" });
  expect(existsSync(`${file}2`)).toBe(false);
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

test("AS-32 why a message may not be its person's goes along with it", async () => {
  const { store, other } = stores();
  const doubt = { kind: "changed-key", userKey: null } as const;
  await store.commit([historyKept(1, { ...message(1, "hi"), doubt })]);
  await exportTo(file, "correct horse", { store, who: bob, userSeed });
  await importFrom(file, "correct horse", { store: other, isTheirs });
  const [row] = await other.news(0, 9);
  expect(row?.entry).toMatchObject({ text: "hi", doubt });
});

test("AD-35 behind what a file has brought into a conversation stands from when it is, once for each file, also where the file doesn't say", async () => {
  const { store, other } = stores();
  const exportedAt = Date.UTC(2026, 10, 28);
  await store.commit([historyKept(1, message(1, "one")), historyKept(2, message(2, "two"))]);
  await exportTo(file, "correct horse", { store, who: bob, userSeed, now: () => exportedAt });
  for (const time of [1, 2]) {
    expect(await importFrom(file, "correct horse", { store: other, isTheirs }), `${time}`).toMatchObject({
      kind: "done",
    });
  }
  const rows = (await other.history(conversation, { before: null, limit: 9 })).toReversed();
  expect(rows.map(({ entry, at }) => (entry.kind === "message" ? entry.text : [entry, at]))).toEqual([
    "one",
    "two",
    [{ kind: "imported", exportedAt }, exportedAt],
  ]);
  expect(readOwner(ownerLine({ who: bob, userSeed }))).toEqual({ export: 1, who: bob, userSeed });
  expect(readOwner(ownerLine({ who: bob, userSeed, at: exportedAt }))?.at).toBe(exportedAt);
});

test("AD-11 an export overwrites nothing, and what can't be written is taken away", async () => {
  const { store } = stores();
  writeFileSync(file, "mine");
  expect(await exportTo(file, "x", { store, who: bob, userSeed })).toEqual({
    kind: "failed",
    text: "The export can't be written: there is such a file already, and it isn't overwritten: give another name.",
  });
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect(await exportTo("export", "x", { store, who: bob, userSeed })).toMatchObject({ kind: "failed" });
  expect(await exportTo(`${file}2`, "", { store, who: bob, userSeed })).toMatchObject({ kind: "failed" });
  expect(await importFrom(`${file}3`, "x", { store, isTheirs })).toEqual({
    kind: "failed",
    text: "The export can't be read: there is no such file or folder.",
  });
  await store.commit(
    Array.from({ length: 100 }, (_, index) => historyKept(index + 1, message(index + 1, "z".repeat(2000)))),
  );
  let pages = 0;
  const broken = but({
    news: async (after, limit) => {
      pages += 1;
      if (pages > 1) throw new Error("the disk is gone");
      return await store.news(after, limit);
    },
  });
  expect(await exportTo(`${file}4`, "x", { store: broken, who: bob, userSeed })).toEqual({
    kind: "failed",
    text: "The export can't be written: the disk is gone.",
  });
  expect([pages, existsSync(`${file}4`)]).toEqual([2, false]);
});

test("AD-11 a store that keeps nothing is told as that, and not as a file that can't be read; a fault of ours is not hidden", async () => {
  const { store, other } = stores();
  await store.commit([historyKept(1, message(1, "one"))]);
  await exportTo(file, "x", { store, who: bob, userSeed });
  const given = async (error: Error) => {
    const commit = () => {
      throw error;
    };
    return await importFrom(file, "x", { store: { ...other, commit }, isTheirs });
  };
  const full = await given(new AgentStoreError("full", "No space is left in /home/alice. Free some."));
  expect(full).toMatchObject({
    kind: "failed",
    text: expect.stringMatching(/can't be kept on this device.*Free some/),
  });
  await expect(given(new RangeError("ours"))).rejects.toThrow("ours");
});

test("AD-11 whatever a line of an export says, it is read as one or not at all", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      readOwner(line);
      readItem(line);
    }),
  );
  expect(readOwner(JSON.stringify({ export: 1, who: bob, userSeed: "AA" }))).toBeNull();
});

function newStore(): AgentStore {
  const place = deviceScratch("fast");
  places.push(place);
  return storeInThisThread(openDatabase(place));
}

/** The first store, but for what is given. */
function but(given: Partial<AgentStore>): AgentStore {
  const { store } = stores();
  return new Proxy(store, { get: (target, of) => Reflect.get(given, of) ?? Reflect.get(target, of) });
}

async function linesIn(path: string): Promise<string[]> {
  const handle = await open(path, "r");
  try {
    const lines: string[] = [];
    for await (const line of inLines(readSealed(handle, "correct horse"))) lines.push(line);
    return lines;
  } finally {
    await handle.close();
  }
}

const key = () => secret().subarray(0, 32);

/** In any of the ways in which bytes are written. */
function isIn(text: string, bytes: Uint8Array): boolean {
  return (["base64url", "base64", "hex", "latin1"] as const).some((how) =>
    text.includes(Buffer.from(bytes).toString(how)),
  );
}

function namePin(index: number) {
  return { name: `name-${index}`, who: { ...bob, identity: `${index}` } };
}

function stores() {
  if (from === undefined || into === undefined) throw new Error("two were opened");
  return { store: from, other: into };
}

function textOf(entry: { readonly kind: string; readonly text?: string | null }): string | null {
  return entry.kind === "message" ? (entry.text ?? null) : entry.kind;
}
