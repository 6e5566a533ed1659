import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "../figures.ts";
import { newDevice, OPEN } from "../../test/mls/people.ts";
import { startServer } from "../subject.ts";
import { readUsage, USAGE_ARGUMENTS } from "../usage.ts";
import type { MemberOrder } from "./member.ts";

/** Messages that were missed. */
const MISSED = 1_000;

/**
 * What a device's own process needs to catch up with what it has missed: it connects, reads page by page, opens and keeps. Its process
 * is fresh, so compiling code is in it. The floor is the engine alone, opening as many messages.
 */
export async function catchUp(bytes: number): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "padserve-bench-"));
  const server = await startServer();
  const run = (kind: MemberOrder["kind"], name: string) =>
    inProcess({ kind, port: server.port, name, folder: join(folder, name), messages: MISSED, bytes });
  try {
    await run("come", "reader");
    await run("write", "writer");
    const cpuSeconds = await run("catch-up", "reader");
    const about = { scenario: "sealed", conditions: `${MISSED} missed messages of ${bytes} B` } as const;
    const goal = { most: 1_000, of: "figure" } as const;
    const floor = await engineAlone(bytes);
    return [{ ...about, measured: "CPU of the client", unit: "ms", server: 1_000 * cpuSeconds, floor, goal }];
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** CPU seconds that an order took. */
async function inProcess(order: MemberOrder): Promise<number> {
  const child = fork(join(import.meta.dirname, "member.ts"), { execArgv: [...USAGE_ARGUMENTS] });
  await once(child, "message");
  const before = await readUsage(child);
  child.send(order);
  await Promise.race([once(child, "message"), once(child, "exit")]);
  if (child.exitCode !== null) throw new Error(`a device could not ${order.kind}`);
  const after = await readUsage(child);
  child.disconnect();
  await once(child, "exit");
  return after.cpuSeconds - before.cpuSeconds;
}

/** Milliseconds. */
async function engineAlone(bytes: number): Promise<number> {
  const writer = newDevice({ identity: "writer" }).createGroup(Buffer.from("room"), OPEN);
  const { group: reader, commit } = await newDevice({ identity: "reader" }).joinExternal(writer.info());
  writer.process(commit);
  const sealed = Array.from({ length: MISSED }, () => writer.seal(new Uint8Array(bytes)).message);
  const before = process.cpuUsage();
  for (const message of sealed) reader.open(message);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
