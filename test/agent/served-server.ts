import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { restoreDatabase } from "../../src/store/sqlite/restore.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { SqliteStore } from "../../src/store/sqlite/store.ts";
import { startTestServer } from "../helpers/server.ts";
import type { TestServer, TestServerOptions } from "../helpers/server.ts";
import { scratchDirectory } from "../store/scratch.ts";
import type { Scratch } from "../store/scratch.ts";

/** The real server over a SQLite store, at one port in all its lives. Its files outlive it. */
export interface ServedServer {
  port(): number;
  /** Throws where it is stopped. */
  running(): TestServer;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A backup of the running server; and, of the stopped one, that backup in the place of what it has. */
  backUp(): Promise<string>;
  restore(backup: string): void;
  /** Copies of all the stopped server's files; and back, so that it knows nothing of it. */
  copyAway(): string;
  copyBack(copy: string): void;
  /** Every byte of every file that it has. */
  bytes(): Buffer;
  /** A folder that goes when the server's files do. */
  folder(): string;
  /** Stops it, and removes all files. */
  end(): Promise<void>;
}

/** Starts it. @param config what differs of its configuration. */
export async function servedServer(
  config: Partial<Config>,
  around: Pick<TestServerOptions, "tailscaleSocket" | "timings"> = {},
): Promise<ServedServer> {
  const scratch = scratchDirectory();
  const others: Scratch[] = [];
  let running: { readonly server: TestServer; readonly store: SqliteStore } | null = null;
  let port = 0;
  const served: ServedServer = {
    port: () => port,
    running: () => present().server,
    async start() {
      const store = await openSqliteStore(scratch.path);
      const server = await startTestServer({ ...around, config: { ...config, port }, store });
      running = { server, store };
      ({ port } = server);
    },
    async stop() {
      await running?.server.stop();
      running = null;
    },
    async backUp() {
      const backup = served.folder();
      await present().store.backUp(join(backup, "padserve.db"));
      return backup;
    },
    restore(from) {
      const incarnation = randomBytes(16).toString("base64url");
      const restored = restoreDatabase({ from, into: scratch.path, replace: true, incarnation, now: Date.now() });
      if (restored.kind !== "restored") throw new Error(JSON.stringify(restored));
    },
    copyAway() {
      const copy = served.folder();
      cpSync(scratch.path, copy, { recursive: true });
      return copy;
    },
    copyBack(copy) {
      for (const file of readdirSync(scratch.path)) rmSync(join(scratch.path, file), { recursive: true });
      cpSync(copy, scratch.path, { recursive: true });
    },
    bytes: () =>
      Buffer.concat(
        readdirSync(scratch.path, { recursive: true, withFileTypes: true })
          .filter((file) => file.isFile())
          .map((file) => readFileSync(join(file.parentPath, file.name))),
      ),
    folder() {
      const made = scratchDirectory();
      others.push(made);
      return made.path;
    },
    async end() {
      await served.stop();
      scratch.remove();
      for (const other of others) other.remove();
    },
  };
  await served.start();
  return served;

  function present() {
    if (running === null) throw new Error("the server is stopped");
    return running;
  }
}
