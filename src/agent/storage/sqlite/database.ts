import type { FaultPoint } from "./connection.ts";
import { AgentStoreError } from "../errors.ts";
import { describe, toAgentStoreError } from "./failure.ts";
import { openDevice } from "./open.ts";
import { markClosed } from "./soundness.ts";
import type { Opened, Place } from "./open.ts";
import { reader } from "./read.ts";
import type { Reader } from "./read.ts";
import { writer } from "./write.ts";
import type { Writer } from "./write.ts";

/** An open device's database. Every call blocks until the disk has answered, and throws `AgentStoreError` and nothing else. */
export interface Database extends Reader, Writer {
  tidy(): void;
  close(): void;
}

/** `openDevice`, with all that can be asked of it. What a fault point throws comes through as it is. */
export function openDatabase(
  place: Place,
  options: { faultPoint?: FaultPoint; migrations?: readonly string[] } = {},
): Database {
  const opened = orError(place.folder, () => openDevice(place, options.faultPoint, options.migrations));
  const { path, examined, connection } = opened;
  const [reads, writes] = orError(path, () => prepared(opened));
  return {
    load: () => orError(path, () => reads.load()),
    group: (id) => orError(path, () => reads.group(id)),
    keyPackage: (reference) => orError(path, () => reads.keyPackage(reference)),
    history: (conversation, page) => orError(path, () => reads.history(conversation, page)),
    message: (conversation, device, id) => orError(path, () => reads.message(conversation, device, id)),
    since: (conversation, range) => orError(path, () => reads.since(conversation, range)),
    sentBetween: (group, range) => orError(path, () => reads.sentBetween(group, range)),
    outbox: () => orError(path, () => reads.outbox()),
    news: (after, limit) => orError(path, () => reads.news(after, limit)),
    lastPlace: () => orError(path, () => reads.lastPlace()),
    search: (words, within) => orError(path, () => reads.search(words, within)),
    commit: (changes) => orError(path, () => writes.commit(changes)),
    raiseCounter: () => orError(path, () => writes.raiseCounter()),
    // Brings the log into the file and cuts it to nothing: it holds old keys until then.
    tidy: () => orError(path, () => connection.exec("PRAGMA wal_checkpoint(TRUNCATE)")),
    close: () =>
      orError(path, () => {
        connection.close();
        markClosed(path, examined);
      }),
  };
}

/** The version is right, so a table or column that is missing has been taken away. */
function prepared({ path, connection, secrets }: Opened): readonly [Reader, Writer] {
  try {
    return [reader(connection, secrets), writer(connection, secrets, path)];
  } catch (error) {
    connection.close();
    throw new AgentStoreError("damaged", describe("damaged", path, error), error);
  }
}

function orError<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw toAgentStoreError(error, path);
  }
}

/** What a test throws at a fault point: the process's end there. */
export class Fault extends Error {
  override readonly name = "Fault";
}
