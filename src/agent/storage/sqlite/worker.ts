import { parentPort } from "node:worker_threads";
import { AgentStoreError } from "../errors.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { packError } from "./messages.ts";
import { isTaken } from "../owner-file.ts";
import type { OwnerMark } from "../owner-file.ts";
import type { Answer, Request } from "./messages.ts";

/** The database's own thread: node:sqlite blocks it for each fsync, and no face waits for that. */
const port = parentPort;
if (port === null) throw new Error("This file runs as a worker thread, started by store.ts.");

/** So long after the last call the files are tidied: what commits have replaced is in the log until then. */
const IDLE_MS = 1000;

let database: Database | null = null;
let owner: OwnerMark | null = null;
let idle: NodeJS.Timeout | undefined;

port.on("message", (request: Request) => {
  port.postMessage(answerTo(request));
  clearTimeout(idle);
  // Without a database there is nothing to wait for: closing the port ends the thread.
  if (database === null) port.close();
  else idle = setTimeout(tidy, IDLE_MS).unref();
});

function answerTo(request: Request): Answer {
  try {
    return { kind: "done", result: carryOut(request) };
  } catch (error) {
    if (error instanceof AgentStoreError) return packError(error);
    throw error;
  }
}

function carryOut(request: Request): unknown {
  if (request.kind === "open") {
    ({ owner } = request);
    endIfTaken();
    database = openDatabase(request.place);
    return undefined;
  }
  if (database === null) throw new AgentStoreError("failed", "The store is closed; open it again to use it.");
  const { method, args } = request;
  endIfTaken();
  const result: unknown = Reflect.apply(database[method], undefined, args);
  if (method === "close") database = null;
  return result;
}

/** For a machine that slept while another one took the folder: whatever SQLite still knows of the file is no longer so, and closing would write it. */
function endIfTaken(): void {
  if (owner !== null && isTaken(owner)) process.kill(process.pid, "SIGKILL");
}

/** A disk that is full now is told with the next commit. */
function tidy(): void {
  endIfTaken();
  try {
    database?.tidy();
  } catch {}
}
