import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { zoneOf } from "./time-zone.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "padserve-zone-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("CF-13 a TZ that names a file means the zone that the file is a link to", () => {
  symlinkSync("/usr/share/zoneinfo/Asia/Kolkata", join(folder, "zone"));
  symlinkSync("zone", join(folder, "localtime"));
  expect(zoneOf(`:${join(folder, "localtime")}`)).toBe("Asia/Kolkata");
  expect(zoneOf(join(folder, "zone"))).toBe("Asia/Kolkata");
  expect(zoneOf(":/usr/share/zoneinfo/posix/Europe/Berlin")).toBe("Europe/Berlin");
});

test("CF-13 a file that names no zone leaves it to the system, and other values are left as they are", () => {
  symlinkSync("loop", join(folder, "loop"));
  for (const file of ["/none/localtime", join(folder, "loop"), folder]) expect(zoneOf(`:${file}`)).toBeNull();
  for (const tz of [undefined, "", "UTC", ":Europe/Berlin", "CET-1CEST"]) expect(zoneOf(tz)).toBeUndefined();
});
