import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { startServerProcess } from "../helpers/server-process.ts";

const HOURS = 3;

test("VW-16 two people's hours of talk leave the memory flat", async () => {
  await using server = await startServerProcess({ messageRate: 0 });
  const program = new URL("replay-hours.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--expose-gc", program, String(server.port), String(HOURS)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const heaps: number[] = [];
  for await (const line of createInterface(child.stdout)) heaps.push(Number(line));
  expect(heaps).toHaveLength(HOURS);
  const [first = 0, ...later] = heaps;
  // The first hour fills the conversations; without a limit each further one takes 6 MB. The
  // collector's own noise was once seen to reach 1.1.
  expect(Math.min(...later) - first).toBeLessThan(2_000_000);
  expect(later.at(-1)).toBeLessThan(first * 1.1);
});
