import { parentPort } from "node:worker_threads";
import { StoreError } from "../errors.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { packError, unpackBatch } from "./messages.ts";
import type { Answer, Request } from "./messages.ts";

/** The database's own thread: node:sqlite blocks it for each fsync, and nobody's chat waits for that. */
const port = parentPort;
if (port === null) throw new Error("This file runs as a worker thread, started by store.ts.");

let database: Database | null = null;

port.on("message", (request: Request) => {
  port.postMessage(answerTo(request));
  // Without a database there is nothing to wait for: closing the port ends the thread.
  if (database === null) port.close();
});

function answerTo(request: Request): Answer {
  try {
    return carryOut(request);
  } catch (error) {
    if (error instanceof StoreError) return packError(error);
    throw error;
  }
}

function carryOut(request: Request): Answer {
  if (request.kind === "open") {
    database = openDatabase(request.directory);
    return { kind: "done" };
  }
  if (database === null) throw new StoreError("failed", "The store is closed; open it again to use it.");
  switch (request.kind) {
    case "load":
      return { kind: "saved", saved: database.load() };
    case "commit":
      database.commit(...unpackBatch(request.batch));
      return { kind: "done" };
    case "read":
      return { kind: "entries", entries: database.read(request.range) };
    case "back-up":
      database.backUp(request.path);
      return { kind: "done" };
    case "close":
      database.close();
      database = null;
      return { kind: "done" };
  }
}
