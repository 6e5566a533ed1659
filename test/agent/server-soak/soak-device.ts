import { startDevice } from "../../../src/agent/runtime/device-runtime.ts";
import type { DeviceRuntime, RuntimeEvent } from "../../../src/agent/runtime/runtime.ts";
import { SYSTEM } from "../../../src/agent/runtime/system.ts";
import type { GroupRow, HistoryRow } from "../../../src/agent/storage/kept.ts";
import type { AgentStore } from "../../../src/agent/storage/ports.ts";
import { cpSync, existsSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import type { Standing } from "../../../src/client/index.ts";
import { openTcp } from "../../../src/client/transport/open.ts";
import { AgentStoreError } from "../../../src/agent/storage/errors.ts";
import { Fault, openDatabase, type Database } from "../../../src/agent/storage/sqlite/database.ts";
import { storeInThisThread } from "../../../src/agent/storage/sqlite/store.ts";
import { hex } from "../device.ts";
import { deviceScratch } from "../device-scratch.ts";

/**
 * A person's one device on a real server. It can be ended at any statement of its store, and is started again from its files; or a
 * statement fails once, as on a disk that was full for a moment.
 */
export interface SoakDevice {
  readonly name: string;
  readonly isRunning: boolean;
  readonly runtime: DeviceRuntime;
  /** The process has ended at a statement of its store. */
  readonly hasCrashed: boolean;
  /** Among its person's devices, as it was told last since it was started. */
  readonly standing: Standing;
  start(): void;
  /** Ends it and closes its files, however it was. */
  stop(): Promise<void>;
  /** Of the stopped device: keeps a copy of its files; puts that in their place. */
  copyAway(): void;
  copyBack(): void;
  /** After so many statements of its store the process ends: its connection, too. */
  crashAfter(statements: number): void;
  /** After so many statements of its store one fails. */
  failAfter(statements: number): void;
  /** A statement has failed so since it was started. */
  readonly hasFailed: boolean;
  /** How many statements its store has been asked since it was started first. */
  readonly statements: number;
  /** Oldest first. */
  history(conversation: string): Promise<readonly HistoryRow[]>;
  /** The texts that it has or has yet to send there, and by which id. */
  texts(conversation: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Messages that wait, in whatever group. */
  waiting(): Promise<number>;
  /** What changes in its store while it gets anywhere: where each group stands, and what waits there. */
  kept(): Promise<string>;
  /** For who looks for a cause: the same, and what it was told and has told last. */
  report(): Promise<string>;
  remove(): Promise<void>;
}

export interface SoakDeviceOptions {
  /** After each commit of its store, with the groups that it has then. */
  readonly onCommit?: (groups: readonly GroupRow[]) => void;
  /** Its process has ended at a statement of its store. */
  readonly onCrash?: () => void;
  /** What it leaves to chance: from 0 to below 1. */
  readonly random?: () => number;
  /** Its clock: milliseconds since 1970. */
  readonly now?: () => number;
  /** What its person calls it. */
  readonly label?: string;
}

const QUICK = { firstDelay: 10, longestDelay: 50 };
/** Events that a report has. */
const MOST_TOLD = 40;

/**
 * @param onFailure what isn't the end of its process. @param onEvent after each thing that it tells.
 */
export function soakDevice(
  name: string,
  port: number,
  onFailure: (error: unknown) => void,
  onEvent: (event: RuntimeEvent) => void = () => {},
  { onCommit, onCrash, random = Math.random, now = Date.now, label = "soak" }: SoakDeviceOptions = {},
): SoakDevice {
  const place = deviceScratch();
  let database: Database;
  let store: AgentStore;
  let isLookedAt = false;
  let runtime: DeviceRuntime;
  let [isRunning, hasCrashed, hasFailed] = [false, false, false];
  let [countdown, failing, statements] = [Infinity, Infinity, 0];
  const sockets = new Set<Socket>();
  let standing: Standing = { kind: "unknown" };
  const told: { readonly at: number; readonly what: string }[] = [];
  const copy = `${place.folder}-copy`;
  const device: SoakDevice = {
    name,
    get isRunning() {
      return isRunning;
    },
    get hasCrashed() {
      return hasCrashed;
    },
    get runtime() {
      return runtime;
    },
    get hasFailed() {
      return hasFailed;
    },
    get statements() {
      return statements;
    },
    get standing() {
      return standing;
    },
    copyAway() {
      rmSync(copy, { recursive: true, force: true });
      cpSync(place.folder, copy, { recursive: true });
    },
    copyBack() {
      if (!existsSync(copy)) return;
      rmSync(place.folder, { recursive: true });
      cpSync(copy, place.folder, { recursive: true });
    },
    start() {
      standing = { kind: "unknown" };
      [hasCrashed, hasFailed, countdown, failing] = [false, false, Infinity, Infinity];
      database = openDatabase(place, { faultPoint });
      isRunning = true;
      store = storeInThisThread(database);
      runtime = startDevice({
        server: { host: "127.0.0.1", port },
        open,
        store,
        name,
        deviceLabel: label,
        timings: QUICK,
        system: { ...SYSTEM, random, now },
        digest: (content) => ({ text: Buffer.from(content).toString(), amends: null }),
        onEvent: hear,
      });
    },
    async stop() {
      if (!isRunning) return;
      isRunning = false;
      await runtime.close().catch(ignore);
      // As the kernel does with a process: files are closed, what wasn't committed is gone.
      [countdown, failing] = [Infinity, Infinity];
      await store.close();
    },
    crashAfter(count) {
      countdown = count;
    },
    failAfter(count) {
      failing = count;
    },
    history: async (conversation) => (await store.history(conversation, { before: null, limit: 1000 })).toReversed(),
    async texts(conversation) {
      const waiting = (await (await runtime.session(conversation))?.look())?.waiting ?? [];
      const found = new Map(waiting.map(({ text, messageId }) => [text ?? "", messageId]));
      for (const { entry } of await device.history(conversation))
        if (entry.kind === "message") found.set(entry.text ?? "", entry.messageId);
      return found;
    },
    waiting: async () => (await store.outbox()).length,
    async kept() {
      try {
        return (await keptOf(store)).join("\n");
      } catch (error) {
        // Its process has ended, or its files are closed.
        return `${name}: ${String(error)}`;
      }
    },
    async report() {
      const { client } = runtime;
      const state = isRunning ? JSON.stringify(client.state) : "not running";
      const since = told.map(({ at, what }) => `    ${Math.round(performance.now() - at)} ms ago: ${what}`);
      return [
        `${name}: ${state} ${standing.kind}`,
        `  ${(await device.kept()).replaceAll("\n", "\n  ")}`,
        ...since,
      ].join("\n");
    },
    async remove() {
      await device.stop();
      place.remove();
    },
  };
  device.start();
  return device;

  function faultPoint(statement: string): void {
    if (isLookedAt) return;
    if (hasCrashed) throw new Fault(statement);
    statements += 1;
    if (statement === "after COMMIT" && onCommit !== undefined) look(onCommit);
    if (countdown <= 0) {
      hasCrashed = true;
      for (const socket of sockets) socket.destroy();
      onCrash?.();
      throw new Fault(statement);
    }
    countdown -= 1;
    if (failing > 0) {
      failing -= 1;
      return;
    }
    // What was committed can't fail any more, and what is rolled back is so even when that says no.
    if (statement === "after COMMIT" || statement === "ROLLBACK") return;
    failing = Infinity;
    hasFailed = true;
    throw new AgentStoreError("full", statement);
  }

  function look(tell: (groups: readonly GroupRow[]) => void): void {
    isLookedAt = true;
    // While it opens there is none yet.
    if (isRunning) tell(database.load().groups);
    isLookedAt = false;
  }

  async function open(...where: Parameters<typeof openTcp>): Promise<Socket> {
    const socket = await openTcp(...where);
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    return socket;
  }

  function hear(event: RuntimeEvent): void {
    const what = sketchOf(event);
    if (what !== null) told.push({ at: performance.now(), what });
    if (told.length > MOST_TOLD) told.shift();
    if (event.kind === "own-standing") ({ standing } = event);
    onEvent(event);
    if (event.kind === "failed" && !hasCrashed) onFailure(event.error);
    // Whoever is new in a conversation has been looked at.
    const holds = event.kind === "standing" && event.standing.kind === "held" ? event.standing.holds : [];
    if (event.kind === "standing" && holds.some(({ kind }) => kind === "new-readers")) void show(event.conversation);
  }

  async function show(conversation: string): Promise<void> {
    try {
      const session = await runtime.session(conversation);
      if (session === null) return;
      await session.showReaders((await session.look()).people);
      await runtime.goOn(conversation);
    } catch (error) {
      if (!hasCrashed && isRunning) onFailure(error);
    }
  }
}

/** Of each group a line. */
async function keptOf(store: AgentStore): Promise<readonly string[]> {
  const { groups } = await store.load();
  return await Promise.all(
    groups.map(async ({ id }) => {
      const kept = await store.group(id);
      if (kept === null) return hex(id);
      const { row, request, intent, flight, outbox, owed } = kept;
      const stands = `${row.status} ${row.stopped ?? ""} at ${row.cursor}, sent ${row.sent}`;
      const next = row.successor === null ? "" : `, goes on in ${hex(row.successor).slice(0, 8)}`;
      const asks = `request ${request?.kind ?? "-"}, intent ${intent?.intent.kind ?? "-"}, flight ${flight?.number ?? "-"}`;
      return `${row.conversation} ${hex(id).slice(0, 8)} ${stands}${next}; ${asks}; ${outbox.length} wait, ${owed.length} owed`;
    }),
  );
}

/** Null: of no use to who looks for a cause. */
function sketchOf(event: RuntimeEvent): string | null {
  switch (event.kind) {
    case "standing":
      return `${event.conversation} ${standingOf(event.standing)}`;
    case "group":
      return event.event.kind === "entry" ? null : `${event.conversation} ${event.event.kind}`;
    case "client":
      return event.event.kind === "state" ? JSON.stringify(event.event.state) : null;
    case "failed":
      return `failed: ${String(event.error)}`;
    case "continued":
    case "misplaced":
      return `${event.conversation} ${event.kind}: ${event.why}`;
    case "stuck":
      return `${event.conversation} is stuck`;
    case "own-standing":
      return `own standing ${event.standing.kind}`;
    case "device-replaced":
    case "device-waits":
    case "own-devices":
    case "own-key-changed":
    case "server-restored":
    case "server-storing":
    case "own-disk":
    case "not-at-home":
      return event.kind;
    case "reached":
      return null;
  }
}

function standingOf(standing: Extract<RuntimeEvent, { kind: "standing" }>["standing"]): string {
  switch (standing.kind) {
    case "held":
      return `held: ${standing.holds.map(({ kind, who }) => `${kind} of ${who.join()}`).join()}`;
    case "refused":
      return `refused: ${standing.why}`;
    case "awaiting":
      return `awaiting others until ${new Date(standing.until).toISOString()}`;
    case "idle":
    case "offline":
    case "busy":
    case "removed":
    case "stopped":
      return standing.kind;
  }
}

function ignore(): void {}
