import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Fact } from "../../core/events.ts";
import { mountReadOnly, mountSmallDisk, noMounts } from "../../../test/store/mounts.ts";
import { scratchDirectory } from "../../../test/store/scratch.ts";
import type { Scratch } from "../../../test/store/scratch.ts";
import { openSqliteStore } from "./store.ts";
import { commitFacts } from "../../../test/store/commit-facts.ts";

let scratch: Scratch;
let unmount: () => void;
beforeEach(() => {
  scratch = scratchDirectory();
  unmount = () => {};
});
afterEach(() => {
  unmount();
  scratch.remove();
});

test.skipIf(noMounts)(
  "ST-27 a commit on a full disk keeps nothing of its batch; with space again the next succeeds",
  async () => {
    unmount = mountSmallDisk(scratch.path, 256);
    const store = await openSqliteStore(scratch.path);
    await commitFacts(store, [claim("first")]);
    fill();
    const batch = Array.from({ length: 100 }, (_, index) => claim(`refused-${index}`));
    await expect(commitFacts(store, batch)).rejects.toMatchObject({
      code: "full",
      message: expect.stringContaining("No space left"),
    });
    expect(await names(store)).toEqual(["first"]);
    free();
    await commitFacts(store, [claim("second")]);
    await store.close();
    const again = await openSqliteStore(scratch.path);
    expect(await names(again)).toEqual(["first", "second"]);
    await again.close();
  },
);

test.skipIf(noMounts)("ST-28 a first start on a full disk says so, and succeeds once there is space", async () => {
  unmount = mountSmallDisk(scratch.path, 64);
  fill();
  await expect(openSqliteStore(scratch.path)).rejects.toMatchObject({ code: "full" });
  free();
  const store = await openSqliteStore(scratch.path);
  await commitFacts(store, [claim("first")]);
  expect(await names(store)).toEqual(["first"]);
  await store.close();
});

test.skipIf(noMounts)("ST-20 a read-only data directory is refused as unwritable", async () => {
  unmount = mountReadOnly(scratch.path);
  await expect(openSqliteStore(scratch.path)).rejects.toMatchObject({ code: "unwritable" });
  await expect(openSqliteStore(join(scratch.path, "below"))).rejects.toMatchObject({ code: "unwritable" });
});

test.skipIf(noMounts)("ST-20 a read-only file is refused as unwritable and left as it is", async () => {
  const store = await openSqliteStore(scratch.path);
  await commitFacts(store, [claim("first")]);
  await store.close();
  const file = join(scratch.path, "padserve.db");
  const before = readFileSync(file);
  unmount = mountReadOnly(file);
  await expect(openSqliteStore(scratch.path)).rejects.toMatchObject({ code: "unwritable" });
  expect(readFileSync(file).equals(before)).toBe(true);
});

function claim(name: string): Fact {
  return { kind: "name-claimed", claim: { name, identity: { kind: "local" }, claimedAt: 0 } };
}

async function names(store: Awaited<ReturnType<typeof openSqliteStore>>): Promise<string[]> {
  return (await store.load()).claims.map(({ name }) => name).toSorted();
}

/** Writes until the disk takes no more byte. */
function fill(): void {
  const ballast = openSync(join(scratch.path, "ballast"), "w");
  try {
    for (;;) writeSync(ballast, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(ballast);
  }
  expect(statSync(join(scratch.path, "ballast")).size).toBeGreaterThan(0);
}

function free(): void {
  rmSync(join(scratch.path, "ballast"));
}
