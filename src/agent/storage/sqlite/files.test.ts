import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  conversation,
  group,
  groupAdded,
  groupSaved,
  historyKept,
  id,
  message,
  secret,
  written,
} from "../../../../test/agent/device-samples.ts";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../../test/agent/device-scratch.ts";
import { machineId } from "../machine-id.ts";
import { connect, pragma } from "./connection.ts";
import { openDatabase } from "./database.ts";
import { MIGRATIONS } from "./migrations.ts";

let place: DeviceScratch;
let file: string;
beforeEach(() => {
  place = deviceScratch();
  file = join(place.folder, "device.db");
});
afterEach(() => place.remove());

describe("files", () => {
  test("AS-1 the folder is 0700, the files and the key apart 0600, also where they were not", () => {
    mkdirSync(place.folder, { recursive: true, mode: 0o755 });
    const database = openDatabase(place);
    database.commit([groupAdded()]);
    const modes = () => [place.folder, file, `${file}-wal`, place.keyFile].map((path) => statSync(path).mode & 0o777);
    expect(modes()).toEqual([0o700, 0o600, 0o600, 0o600]);
    database.close();
    for (const path of [place.folder, file, place.keyFile]) chmodSync(path, 0o755);
    const again = openDatabase(place);
    again.commit([groupAdded(id(8))]);
    expect(modes()).toEqual([0o700, 0o600, 0o600, 0o600]);
    again.close();
    expect(place.keyFile.startsWith(place.folder)).toBe(false);
  });

  test("AS-1 a key that is there is taken and never overwritten", () => {
    openDatabase(place).close();
    const key = readFileSync(place.keyFile);
    rmSync(place.folder, { recursive: true });
    openDatabase(place).close();
    expect(readFileSync(place.keyFile).equals(key)).toBe(true);
    expect(key.length).toBe(32);
  });

  test("AS-8 secrets are nowhere in the files as they are; history and its index are readable", () => {
    const database = openDatabase(place);
    const secrets = [secret(), secret(), secret(), secret(), secret()];
    const [seed = id(1), userSeed = id(1), packageSecret = id(1), state = id(1), candidate = id(1)] = secrets;
    const tree = secret();
    database.commit([
      { kind: "device-made", device: { id: id(1), seed, record: id(2) } },
      { kind: "user-key-kept", seed: userSeed },
      {
        kind: "key-package-made",
        keyPackage: { reference: id(3), secret: packageSecret, lastResort: false, madeAt: 1 },
      },
      groupAdded(),
      groupSaved(state, tree),
      { kind: "group-saved", slot: "candidate", saved: { groupId: group, state: candidate, tree, epochs: [] } },
      historyKept(1, message(1, "said in confidence")),
    ]);
    const holds = (bytes: Uint8Array | string) => place.bytes().includes(bytes);
    for (const log of ["before", "after"]) {
      expect(secrets.filter(holds), `${log} the log is in the file`).toEqual([]);
      expect(holds(tree)).toBe(true);
      expect(holds("said in confidence")).toBe(true);
      database.tidy();
    }
    database.close();
  });

  test("AS-13 after tidying no replaced or deleted secret is in the files, not even encrypted", () => {
    const database = openDatabase(place);
    const reference = id(3);
    database.commit([
      groupAdded(),
      // Larger than a page, so that they lie in pages of their own.
      groupSaved(Buffer.alloc(9000, 1), id(1)),
      { kind: "key-package-made", keyPackage: { reference, secret: secret(), lastResort: false, madeAt: 1 } },
      { kind: "message-written", group, message: written(1, "taken back: swordfish") },
      { kind: "draft-kept", conversation, text: "never sent: swordfish" },
    ]);
    const sealedNow = () => {
      const connection = connect(file, "read-only");
      const rows = ["SELECT sealed FROM group_states", "SELECT sealed FROM key_packages"].flatMap((sql) =>
        connection.prepare(sql).all(),
      );
      connection.close();
      return rows.flatMap((row) => Object.values(row ?? {})).filter((value) => value instanceof Uint8Array);
    };
    database.close();
    const old = sealedNow();
    expect(old.map(({ length }) => length)).toEqual([9029, 93]);
    expect(old.filter((sealed) => place.bytes().includes(sealed.subarray(13, 77))).length).toBe(2);
    expect(place.bytes().includes("swordfish")).toBe(true);

    const again = openDatabase(place);
    again.commit([
      groupSaved(Buffer.alloc(1000, 2), null),
      { kind: "key-package-dropped", reference },
      { kind: "message-withdrawn", group, messageId: id(1) },
      { kind: "draft-kept", conversation, text: "" },
    ]);
    // A power cut now would leave the old ones in the file, and the new ones in its log.
    again.tidy();
    const bytes = place.bytes();
    for (const sealed of old) {
      for (let at = 13; at + 64 <= sealed.length; at += 64)
        expect(bytes.includes(sealed.subarray(at, at + 64))).toBe(false);
    }
    expect(bytes.includes("swordfish")).toBe(false);
    expect(statSync(`${file}-wal`).size).toBe(0);
    again.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  test("AS-12 the counter rises by one, over every restart", () => {
    const counted = [1, 2, 3].map(() => {
      const database = openDatabase(place);
      const values = [database.raiseCounter(), database.raiseCounter()];
      database.close();
      return values;
    });
    expect(counted).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });
});

describe("what is refused", () => {
  test("AS-9 a secret that was changed or put in another's place doesn't open, in any of its bytes", () => {
    const database = openDatabase(place);
    database.commit([groupAdded(), groupAdded(id(8)), groupSaved(secret(), id(1)), groupSaved(secret(), id(1), id(8))]);
    database.close();
    const pristine = readFileSync(file);
    const [own, other] = [sealedState(group), sealedState(id(8))];
    const flipped = Array.from(own, (byte, at) => own.with(at, byte ^ 1));
    for (const sealed of [other, own.subarray(0, 20), own.subarray(1), ...flipped]) {
      change("UPDATE group_states SET sealed = ? WHERE group_id = ?", sealed, group);
      const changed = openDatabase(place);
      expect(() => changed.group(group)).toThrow(expect.objectContaining({ code: "damaged" }));
      expect(changed.group(id(8))).not.toBeNull();
      changed.close();
      writeFileSync(file, pristine);
    }
  });

  test("AS-10 without its key, with another or on another machine a database is refused and left as it was", () => {
    const database = openDatabase(place);
    database.commit([groupAdded(), groupSaved(secret(), id(1))]);
    database.close();
    const before = readFileSync(file);
    const key = readFileSync(place.keyFile);
    const refusal = (machine = place.machine) => {
      try {
        openDatabase({ ...place, machine }).close();
        return null;
      } catch (error) {
        return error;
      }
    };
    expect(refusal("f".repeat(32))).toMatchObject({
      code: "another-machine",
      message: expect.stringContaining("can't be moved"),
    });
    expect(refusal("none")).toMatchObject({ code: "another-machine" });
    for (const other of [Buffer.alloc(32), Buffer.alloc(31), Buffer.alloc(0)]) {
      writeFileSync(place.keyFile, other);
      expect(refusal()).toMatchObject({ code: "no-key", message: expect.stringContaining(place.keyFile) });
    }
    rmSync(place.keyFile);
    expect(refusal()).toMatchObject({ code: "no-key" });
    expect(existsSync(place.keyFile)).toBe(false);
    expect(readFileSync(file).equals(before)).toBe(true);
    writeFileSync(place.keyFile, key);
    expect(refusal()).toBeNull();
  });

  test("AS-11 a second agent on the same folder is told so, and the first goes on", () => {
    const first = openDatabase(place);
    expect(() => openDatabase(place)).toThrow(expect.objectContaining({ code: "in-use" }));
    first.commit([groupAdded()]);
    expect(first.group(group)).not.toBeNull();
    first.close();
    openDatabase(place).close();
  });

  test("AS-15 a newer, foreign or damaged database is refused and left as it is", () => {
    const database = openDatabase(place);
    database.commit([groupAdded()]);
    database.close();
    const pristine = readFileSync(file);
    const cases: readonly [code: string, spoil: () => void][] = [
      ["newer", () => change("PRAGMA user_version = 99")],
      ["not-ours", () => change("PRAGMA application_id = 7")],
      ["not-ours", () => rmSync(file) ?? mkdirSync(file)],
      ["damaged", () => writeFileSync(file, "a text, and nothing else")],
      ["damaged", () => writeFileSync(file, pristine.subarray(0, 4096 * 2 + 100))],
      ["damaged", () => change("DROP TABLE pins")],
    ];
    for (const [code, spoil] of cases) {
      spoil();
      const before = statSync(file).isFile() ? readFileSync(file) : null;
      expect(() => openDatabase(place), code).toThrow(expect.objectContaining({ code }));
      if (before !== null) expect(readFileSync(file).equals(before)).toBe(true);
      rmSync(file, { recursive: true });
      writeFileSync(file, pristine);
    }
  });

  test("AS-15 an older one is migrated and keeps what it holds; a failing migration changes nothing", () => {
    const database = openDatabase(place);
    database.commit([groupAdded()]);
    database.close();
    const failing = [...MIGRATIONS, "CREATE TABLE more (x) STRICT; SELECT nonsense"];
    expect(() => openDatabase(place, { migrations: failing })).toThrow(expect.objectContaining({ code: "failed" }));
    openDatabase(place).close();
    const migrated = openDatabase(place, { migrations: [...MIGRATIONS, "CREATE TABLE more (x INTEGER) STRICT"] });
    expect(migrated.group(group)).toMatchObject({ row: { conversation } });
    migrated.close();
    expect(() => openDatabase(place)).toThrow(expect.objectContaining({ code: "newer" }));
  });
});

test("AS-17 a machine's id is systemd's or D-Bus's, and anything else in their place is none", () => {
  mkdirSync(dirname(place.keyFile), { recursive: true });
  const [first, second] = [join(dirname(place.keyFile), "machine-id"), join(dirname(place.keyFile), "dbus-id")];
  const found = () => machineId("linux", [first, second]);
  expect(found()).toBe("none");
  writeFileSync(second, "0123456789abcdef0123456789abcdee\n");
  expect(found()).toBe("0123456789abcdef0123456789abcdee");
  writeFileSync(first, "uninitialized\n");
  expect(found()).toBe("0123456789abcdef0123456789abcdee");
  copyFileSync(second, first);
  appendFileSync(second, "x");
  expect(found()).toBe("0123456789abcdef0123456789abcdee");
});

function change(sql: string, ...values: Uint8Array[]): void {
  const connection = connect(file, "read-write");
  connection.prepare(sql).run(...values);
  pragma(connection, "wal_checkpoint(TRUNCATE)");
  connection.close();
}

function sealedState(of: Uint8Array): Uint8Array {
  const connection = connect(file, "read-only");
  const row = connection.prepare("SELECT sealed FROM group_states WHERE group_id = ?").get(of);
  connection.close();
  const [sealed] = Object.values(row ?? {});
  return sealed instanceof Uint8Array ? sealed : new Uint8Array();
}
