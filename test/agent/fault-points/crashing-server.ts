import { cpSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { openDatabase, type Database } from "../../../src/store/sqlite/database.ts";
import type { FullStore } from "../../../src/store/stored.ts";
import { startTestServer, type TestServer } from "../../helpers/server.ts";
import { diskError, watchSteps } from "../../store/fault.ts";
import { scratchDirectory } from "../../store/scratch.ts";

/**
 * The real server, whose process ends, or whose disk fails once, at any step by which its store works on files: each statement that it
 * hands to SQLite, each write, sync and removal of a file. Clients reach it at one port, whichever life it is in.
 */
export interface CrashingServer {
  readonly port: number;
  /** Steps of its store so far, in all its lives. */
  readonly steps: number;
  /** The step was reached, and what was to happen has happened. */
  readonly isStruck: boolean;
  /** Its process has ended, and it is not there any more. */
  readonly hasCrashed: boolean;
  /** Nothing happens to it any more. */
  disarm(): void;
  /** From the files as they were when it crashed. */
  restart(): Promise<void>;
  /** Of the running server. */
  database(): Database;
  end(): Promise<void>;
}

export interface Strike {
  readonly how: "dies" | "fails";
  /** From 1. */
  readonly at: number;
}

/** Whose store is at work now: in this process devices have databases, too, and several servers may be there. */
let atWork: (() => void) | null = null;
watchSteps(() => atWork?.());

/** Nothing of a server that has crashed is waited for. */
const TIMINGS = { storing: 10, closing: 10 };

/** @param onCrash its process has ended. */
export async function crashingServer(strike: Strike | null, onCrash: () => void): Promise<CrashingServer> {
  const scratch = scratchDirectory("fast");
  const way = await openWay();
  let lives = 0;
  let [steps, isStruck, hasCrashed, isDisarmed] = [0, false, false, false];
  let server: TestServer | null = null;
  let crash = Promise.withResolvers<null>();
  let database: Database;
  const onStep = (): void => {
    if (hasCrashed) throw diskError();
    steps += 1;
    if (steps === strike?.at && !isDisarmed) strikeNow(strike.how);
  };
  await live();
  return {
    port: way.port,
    get steps() {
      return steps;
    },
    get isStruck() {
      return isStruck;
    },
    get hasCrashed() {
      return hasCrashed;
    },
    disarm() {
      isDisarmed = true;
    },
    async restart() {
      await stop();
      await live();
    },
    database: () => database,
    async end() {
      await way.end();
      await stop();
      scratch.remove();
    },
  };

  function strikeNow(how: Strike["how"]): never {
    isStruck = true;
    if (how === "dies") {
      // What a process leaves are the files as they are at this moment; nobody hears of it any more.
      cpSync(folder(lives), folder(lives + 1), { recursive: true });
      lives += 1;
      hasCrashed = true;
      crash.resolve(null);
      way.cut();
      onCrash();
    }
    throw diskError();
  }

  /** Its start may be its end, too; then it is started once more. */
  async function live(): Promise<void> {
    for (server = null; server === null;) {
      hasCrashed = false;
      crash = Promise.withResolvers();
      database = openDatabase(folder(lives));
      const starting = startTestServer({ store: storeOver(database), timings: TIMINGS, config: { messageRate: 0 } });
      server = await Promise.race([starting, crash.promise]).catch(() => {
        database.close();
        return null;
      });
    }
    way.leadTo(server.port);
  }

  async function stop(): Promise<void> {
    way.cut();
    await server?.stop();
  }

  function folder(life: number): string {
    return join(scratch.path, String(life));
  }

  function storeOver(of: Database): FullStore {
    const life = lives;
    const work = async <T>(task: () => T): Promise<T> => {
      atWork = onStep;
      try {
        return task();
      } catch (error) {
        atWork = null;
        // A process that has ended answers nobody.
        if (life !== lives) return await new Promise<never>(() => {});
        throw error;
      } finally {
        atWork = null;
      }
    };
    return {
      load: async () => await work(() => of.load()),
      commit: async (batch) => {
        await work(() => of.commit(batch));
      },
      read: async (range) => await work(() => of.read(range)),
      // oxlint-disable-next-line typescript/require-await
      close: async () => of.close(),
    };
  }
}

/** A port that leads to whichever server is there, or to none. */
async function openWay() {
  const ends = new Set<Socket>();
  let to = 0;
  const listener = createServer((client) => {
    if (to === 0) return void client.destroy();
    const server = connect(to, "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      ends.add(one);
      one.on("error", () => {});
      one.on("data", (bytes) => void other.write(bytes));
      one.on("close", () => {
        ends.delete(one);
        other.destroy();
      });
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const cut = () => {
    to = 0;
    for (const end of ends) end.destroy();
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    leadTo: (port: number) => void (to = port),
    async end() {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
}
