import { request } from "node:http";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Mailbox } from "../../core/mailbox.ts";
import { initialState } from "../../core/state.ts";
import { openSqliteStore } from "../../store/sqlite/store.ts";
import { listBans, listClaims, releaseName, type BanRecord, type ClaimRecord, type ReleaseResult } from "./records.ts";
import { readRunningFile, type RunningServer } from "./running-file.ts";

/** What the administrator's commands can do, whether or not the server runs. */
export interface Office {
  names(): Promise<readonly ClaimRecord[]>;
  bans(): Promise<readonly BanRecord[]>;
  release(name: string): Promise<ReleaseResult>;
  close(): Promise<void>;
}

/**
 * Asks the server that runs on a data folder; where none runs, opens the folder itself. Null: nothing was ever kept there.
 * Rejects with a `StoreError` when the folder can't be used.
 */
export async function openOffice(folder: string): Promise<Office | null> {
  if (!existsSync(join(folder, "padserve.db"))) return null;
  const running = readRunningFile(folder);
  if (running !== null && (await answers(running))) return officeOfRunning(running);
  return officeOfStopped(folder);
}

async function officeOfStopped(folder: string): Promise<Office> {
  const store = await openSqliteStore(folder);
  const settings = { operators: [], maxSessions: 0, maxSessionsPerIdentity: 0, maxNamesPerIdentity: 0 };
  const mailbox = new Mailbox(initialState(settings, await store.load()), {
    store,
    outbox: { deliver: () => {} },
    clock: { wall: () => Date.now() },
    nextTurn: (turn) => void setImmediate(turn),
    onStoreFailure: () => {},
  });
  return {
    names: async () => listClaims(mailbox.state),
    bans: async () => listBans(mailbox.state),
    release: (name) => releaseName(mailbox, name),
    close: () => store.close(),
  };
}

function officeOfRunning(running: RunningServer): Office {
  return {
    names: () => ask<readonly ClaimRecord[]>(running, "GET", "/admin/names"),
    bans: () => ask<readonly BanRecord[]>(running, "GET", "/admin/bans"),
    release: (name) => ask<ReleaseResult>(running, "DELETE", `/admin/names/${encodeURIComponent(name)}`),
    close: async () => {},
  };
}

/** Whether the server that left word is still there: what it left may be older than its death. */
async function answers(running: RunningServer): Promise<boolean> {
  return ask(running, "GET", "/admin/names").then(
    () => true,
    () => false,
  );
}

/** Both ends are this very program, and the token says that it is the right one: the answer has the type that it sends. */
function ask<T>({ port, token }: RunningServer, method: string, path: string): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const headers = { authorization: `Bearer ${token}` };
  const asking = request({ host: "127.0.0.1", port, method, path, headers, timeout: 5000 }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (body += chunk));
    response.on("end", () => {
      if (response.statusCode === 200) resolve(JSON.parse(body));
      else reject(new Error(`the server answered ${response.statusCode}`));
    });
  });
  asking.on("timeout", () => asking.destroy(new Error("the server did not answer in time")));
  asking.on("error", reject);
  asking.end();
  return promise;
}
