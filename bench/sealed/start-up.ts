import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { encodeContent } from "../../src/agent/content/content.ts";
import type { Change } from "../../src/agent/storage/changes.ts";
import { machineId } from "../../src/agent/storage/machine-id.ts";
import { openAgentStore } from "../../src/agent/storage/sqlite/store.ts";
import type { Figure } from "../figures.ts";
import type { Effort } from "../pair.ts";
import { median } from "../statistics.ts";
import { SERVER_ARGUMENTS, startServer } from "../subject.ts";

/** Rooms of the agent, and messages of its history in all of them together. */
const ROOMS = 50;
const MESSAGES = 100_000;

const run = promisify(execFile);
const launch = join(import.meta.dirname, "..", "..", "bin", "launch.cjs");

interface Person {
  readonly environment: NodeJS.ProcessEnv;
  readonly server: string;
  readonly home: string;
}

/**
 * What a person waits for, from the start of a process to what it has to say: sending with an agent that runs, and reading with none,
 * whose start is in it. The floor is Node itself, for one process and for two.
 */
export async function startingUp({ runs }: Effort): Promise<readonly Figure[]> {
  const server = await startServer(SERVER_ARGUMENTS);
  const home = mkdtempSync(join(tmpdir(), "padserve-bench-"));
  const person = { home, server: `127.0.0.1:${server.port}`, environment: environmentIn(home) };
  const times = 2 * runs + 1;
  try {
    await pad(person, "send", "#everyone", "hello");
    for (let nth = 1; nth < ROOMS; nth++) await pad(person, "rooms", "create", `#r${nth}`);
    const bare = await timed(times, () => run(process.execPath, ["-e", "0"]));
    const sending = await timed(times, () => pad(person, "send", "#everyone", "hello"));
    await pad(person, "agent", "stop");
    await fill(home);
    const reading: number[] = [];
    for (let nth = 0; nth < times; nth++) {
      const start = performance.now();
      await firstLine(person, ["history", "#everyone", "--limit", "30"]);
      reading.push(performance.now() - start);
      await pad(person, "agent", "stop");
    }
    const about = { scenario: "sealed", unit: "ms" } as const;
    return [
      {
        ...about,
        conditions: "pad send, with an agent that runs",
        measured: "from start to exit",
        server: sending,
        floor: bare,
        goal: { most: 150, of: "figure" },
      },
      {
        ...about,
        conditions: `pad history, starting an agent of ${ROOMS} rooms and ${MESSAGES} messages`,
        measured: "from start to the first line",
        server: median(reading),
        floor: 2 * bare,
        goal: { most: 300, of: "figure" },
      },
    ];
  } finally {
    await pad(person, "agent", "stop").catch(() => {});
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function pad({ environment, server }: Person, ...words: readonly string[]): Promise<void> {
  const at = words[0] === "agent" ? [] : ["--server", server, "--as", "alice"];
  await run(process.execPath, [launch, ...words, ...at], { env: environment });
}

/** Resolves when the first line is there; rejects when there is none. */
async function firstLine({ environment, server }: Person, words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [launch, ...words, "--server", server, "--as", "alice"], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const chunk of child.stdout) if (String(chunk).includes("\n")) return;
  throw new Error("nothing was told");
}

/** Milliseconds, the median. */
async function timed(times: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let nth = 0; nth < times; nth++) {
    const start = performance.now();
    await work();
    taken.push(performance.now() - start);
  }
  return median(taken);
}

/** Puts the history into the stopped agent's store. */
async function fill(home: string): Promise<void> {
  const file = readdirSync(home, { recursive: true })
    .map((name) => join(home, String(name)))
    .find((name) => basename(name) === "device.db");
  if (file === undefined) throw new Error("the agent has kept nothing");
  const folder = dirname(file);
  const keyFile = readdirSync(home, { recursive: true })
    .map((name) => join(home, String(name)))
    .find((name) => name.endsWith(".key"));
  if (keyFile === undefined || !existsSync(keyFile)) throw new Error("the device's key isn't there");
  const store = await openAgentStore({ folder, keyFile, machine: machineId() });
  const { groups, device } = await store.load();
  const each = Math.ceil(MESSAGES / groups.length);
  for (const { id, conversation, cursor } of groups) {
    const changes: Change[] = [];
    for (let nth = 1; nth <= each; nth++) {
      const text = `message ${nth} of a room that has had many`;
      const entry = {
        kind: "message",
        who: "n:bob",
        device: device?.id ?? new Uint8Array(16),
        deviceLabel: "bench",
        messageId: messageId(nth),
        content: encodeContent({ kind: "text", text, replyTo: null }),
        text,
        amends: null,
        missed: 0,
      } as const;
      changes.push({ kind: "history-kept", conversation, group: id, number: cursor + nth, at: nth * 1_000, entry });
    }
    await store.commit(changes);
  }
  await store.close();
}

function messageId(nth: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, nth);
  return bytes;
}

/** Settings of the person who runs the bench must not change what is measured. */
function environmentIn(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    XDG_CONFIG_HOME: join(home, "config"),
  };
}
