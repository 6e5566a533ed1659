import { startDevice, type DeviceRuntime, type RuntimeEvent } from "../../../src/agent/runtime/device-runtime.ts";
import type { HistoryRow } from "../../../src/agent/storage/kept.ts";
import type { AgentStore } from "../../../src/agent/storage/ports.ts";
import { Fault, openDatabase } from "../../../src/agent/storage/sqlite/database.ts";
import { storeInThisThread } from "../../../src/agent/storage/sqlite/store.ts";
import { deviceScratch } from "../device-scratch.ts";

/** A person's one device on the soak's server. It can be ended at any statement of its store, and is started again from its files. */
export interface SoakDevice {
  readonly name: string;
  readonly isRunning: boolean;
  readonly runtime: DeviceRuntime;
  /** The process has ended at a statement of its store. */
  readonly hasCrashed: boolean;
  start(): void;
  /** Ends it and closes its files, however it was. */
  stop(): Promise<void>;
  /** After so many statements of its store the process ends. */
  crashAfter(statements: number): void;
  /** Oldest first. */
  history(conversation: string): Promise<readonly HistoryRow[]>;
  /** Messages that wait, in whatever group. */
  waiting(): Promise<number>;
  remove(): Promise<void>;
}

const QUICK = { firstDelay: 10, longestDelay: 50 };

/** @param onFailure what isn't the end of its process. @param onEvent after each thing that it tells. */
export function soakDevice(
  name: string,
  port: number,
  onFailure: (error: unknown) => void,
  onEvent: (event: RuntimeEvent) => void = () => {},
): SoakDevice {
  const place = deviceScratch();
  let store: AgentStore;
  let runtime: DeviceRuntime;
  let [isRunning, hasCrashed] = [false, false];
  let countdown = Infinity;
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
    start() {
      [isRunning, hasCrashed, countdown] = [true, false, Infinity];
      store = storeInThisThread(openDatabase(place, { faultPoint }));
      runtime = startDevice({
        server: { host: "127.0.0.1", port },
        store,
        name,
        deviceLabel: "soak",
        timings: QUICK,
        digest: (content) => ({ text: Buffer.from(content).toString(), amends: null }),
        onEvent: hear,
      });
    },
    async stop() {
      if (!isRunning) return;
      isRunning = false;
      await runtime.close().catch(ignore);
      // As the kernel does with a process: files are closed, what wasn't committed is gone.
      countdown = Infinity;
      await store.close();
    },
    crashAfter(statements) {
      countdown = statements;
    },
    history: async (conversation) => (await store.history(conversation, { before: null, limit: 1000 })).toReversed(),
    waiting: async () => (await store.outbox()).length,
    async remove() {
      await device.stop();
      place.remove();
    },
  };
  device.start();
  return device;

  function faultPoint(statement: string): void {
    if (countdown > 0) {
      countdown -= 1;
      return;
    }
    countdown = 0;
    hasCrashed = true;
    throw new Fault(statement);
  }

  function hear(event: RuntimeEvent): void {
    onEvent(event);
    if (event.kind === "failed" && !hasCrashed) onFailure(event.error);
    // Whoever is new in a conversation has been looked at.
    if (event.kind === "standing" && event.standing.kind === "held") void show(event.conversation);
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

function ignore(): void {}
