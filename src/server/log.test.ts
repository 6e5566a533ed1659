import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createLog } from "./log.ts";

/** A disk that can be full: like `process.stderr` it errors for each write, and takes the next one all the same. */
class Disk extends Writable {
  isFull = false;
  readonly lines: string[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    if (this.isFull) done(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    else {
      this.lines.push(chunk.toString());
      done();
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    done(error);
    const undestroy: unknown = Reflect.get(this, "_undestroy");
    if (typeof undestroy === "function") Reflect.apply(undestroy, this, []);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test.each(["json", "pretty"] as const)("SV-30 a full disk under the log ends nothing; %s", async (format) => {
  const disk = new Disk();
  const log = createLog(disk, "info", format);
  log.info("one");
  disk.isFull = true;
  for (let line = 0; line < 3; line++) {
    log.info("lost");
    await turn();
  }
  disk.isFull = false;
  log.info("two");
  await turn();
  const text = disk.lines.map((line) => line.trim());
  expect(text).toEqual([
    expect.stringContaining("one"),
    expect.stringContaining("two"),
    expect.stringMatching(/could not be written.*lines=3|"lines":3.*could not be written/),
  ]);
});

test("SV-30 a reader that reads no more holds a bounded part of the log", () => {
  let taken = 0;
  const stuck = new Writable({ write: (chunk: Buffer) => void (taken += chunk.length) });
  const log = createLog(stuck, "info", "json");
  for (let line = 0; line < 10_000; line++) log.info("x".repeat(1000));
  expect(taken).toBeLessThan(2000);
  expect(stuck.writableLength).toBeLessThan(1024 * 1024 + 2000);
});
