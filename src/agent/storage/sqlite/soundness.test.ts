import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deviceScratch } from "../../../../test/agent/device-scratch.ts";
import type { DeviceScratch } from "../../../../test/agent/device-scratch.ts";
import { openDatabase } from "./database.ts";
import { lastExamined } from "./soundness.ts";

let place: DeviceScratch;
let path: string;
beforeEach(() => {
  place = deviceScratch("fast");
  path = join(place.folder, "device.db");
  openDatabase(place).close();
});
afterEach(() => place.remove());

const DAY = 86_400_000;

test("AS-24 a database that was closed and not touched since isn't examined as a whole again, for a week", () => {
  const examined = lastExamined(path);
  expect(examined).not.toBeNull();
  openDatabase(place).close();
  expect(lastExamined(path)).toBe(examined);
  expect(lastExamined(path, Date.now() + 6 * DAY)).toBe(examined);
  expect(lastExamined(path, Date.now() + 8 * DAY)).toBeNull();
  // A clock that was wrong then, or is now.
  expect(lastExamined(path, Date.now() - DAY)).toBeNull();
});

test("AS-24 one that is open, was not closed or has been touched is examined, and so is one with a mark that isn't ours", () => {
  const database = openDatabase(place);
  database.commit([{ kind: "draft-kept", conversation: "c", text: "x".repeat(100_000) }]);
  database.tidy();
  expect(lastExamined(path)).toBeNull();
  database.close();
  expect(lastExamined(path)).not.toBeNull();

  const { mtime } = statSync(path);
  utimesSync(path, mtime, new Date(mtime.getTime() + 5));
  expect(lastExamined(path)).toBeNull();
  openDatabase(place).close();
  for (const mark of ["", "{}", '{"size":1e300,"modified":1,"examined":1}', "[".repeat(10_000)]) {
    writeFileSync(`${path}-examined`, mark);
    expect(lastExamined(path)).toBeNull();
    openDatabase(place).close();
  }
});

test("AS-24 a page that went bad is found: at the start where the file was touched, when it is read else", () => {
  const { mtime } = statSync(path);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, 4096));
  expect(() => openDatabase(place)).toThrow(expect.objectContaining({ code: "damaged" }));
  utimesSync(path, mtime, mtime);
  expect(() => openDatabase(place).load()).toThrow(expect.objectContaining({ code: "damaged" }));
});
