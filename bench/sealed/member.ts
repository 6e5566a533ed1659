/** One person's device as the agent runs it, in a process of its own: it comes into `#everyone`, writes there, or catches up. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startDevice } from "../../src/agent/runtime/device-runtime.ts";
import type { RuntimeEvent } from "../../src/agent/runtime/runtime.ts";
import { openAgentStore } from "../../src/agent/storage/sqlite/store.ts";

/** What it is asked, over the IPC channel; it answers when that is done, the device is closed, and its files are whole. */
export interface MemberOrder {
  readonly kind: "come" | "write" | "catch-up";
  readonly port: number;
  readonly name: string;
  /** For its files; the same folder is the same device. */
  readonly folder: string;
  /** Messages to write, or that were missed. */
  readonly messages: number;
  /** Bytes of each. */
  readonly bytes: number;
}

const EVERYONE = "everyone";

process.on("message", (order: MemberOrder | "usage") => {
  // That question is for `usage-reporter.ts`, where the system can't be asked.
  // A failure ends the process, which whoever waits for it notices.
  if (order !== "usage") void obey(order).then(() => process.send?.("done"));
});
// Without whoever started it, nobody would end it.
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function obey({ kind, port, name, folder, messages, bytes }: MemberOrder): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const store = await openAgentStore({ folder, keyFile: join(folder, "device.key"), machine: "0".repeat(32) });
  const counted = Promise.withResolvers<void>();
  let left = messages;
  const runtime = startDevice({
    server: { host: "127.0.0.1", port },
    store,
    name,
    deviceLabel: "bench",
    digest: (content) => ({ text: Buffer.from(content).toString(), amends: null }),
    onEvent: (event) => {
      if (event.kind === "failed") counted.reject(event.error);
      if (isCounted(kind, event) && --left === 0) counted.resolve();
    },
  });
  await runtime.client.online();
  if (kind !== "catch-up") await runtime.settled();
  if (kind === "write") {
    const session = await runtime.session(EVERYONE);
    const readers = (await session?.look())?.people ?? [];
    await session?.showReaders(readers);
    const text = Buffer.alloc(bytes, "m");
    for (let i = 0; i < messages; i++) {
      if ((await runtime.write(EVERYONE, text, readers)) === null) throw new Error("there is no such room");
    }
  }
  if (kind !== "come") await counted.promise;
  await runtime.close();
  await store.close();
}

/** A message of one's own that is in the log, or one of somebody else's that can be read. */
function isCounted(kind: MemberOrder["kind"], event: RuntimeEvent): boolean {
  if (event.kind !== "group") return false;
  return kind === "write"
    ? event.event.kind === "stored"
    : event.event.kind === "entry" && event.event.entry.kind === "message";
}
