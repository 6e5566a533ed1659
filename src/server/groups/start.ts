import type { Outbox } from "../../core/ports.ts";
import type { ReceiptKeyRow, Row, ServerRow } from "../../groups/rows.ts";
import type { GroupNotice } from "../../groups/rules.ts";
import type { Settings } from "../../groups/settings.ts";
import { createObservers } from "../../mls/create-observers.ts";
import type { FullStore, SavedAll } from "../../store/stored.ts";
import { randomId } from "../random-id.ts";
import { fromBase64url } from "./found-device.ts";
import { GroupService } from "./service.ts";

export interface StartGroupsOptions {
  readonly store: FullStore;
  readonly saved: SavedAll;
  readonly outbox: Outbox<GroupNotice>;
  /** Where they differ from the usual bounds. */
  readonly settings: Partial<Settings>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onStoreFailure: (cause: unknown) => void;
}

/**
 * Starts the delivery service. A data folder without a server id or a secret gets one first, stored before anybody hears of it; rejects if
 * it can't be stored.
 */
export async function startGroups(
  options: StartGroupsOptions,
): Promise<{ readonly groups: GroupService; readonly server: ServerRow }> {
  const { store, saved, outbox, settings, now, onStoreFailure } = options;
  const server = serverOf(saved.rows) ?? (await makeServer(store));
  const receiptKey = receiptKeyOf(saved.rows) ?? (await makeReceiptKey(store));
  const groups = new GroupService({
    server: server.id,
    receiptKey: fromBase64url(receiptKey.secret),
    store,
    saved: [...saved.rows, { table: "server", key: "self", value: server }],
    observers: createObservers(),
    outbox,
    settings,
    now,
    onStoreFailure,
  });
  return { groups, server };
}

function serverOf(rows: readonly Row[]): ServerRow | null {
  for (const row of rows) if (row.table === "server") return row.value;
  return null;
}

async function makeServer(store: FullStore): Promise<ServerRow> {
  const server = { id: randomId(16), incarnation: randomId(16) };
  await store.commit({ facts: [{ table: "server", key: "self", value: server }], appends: [], trims: [] });
  return server;
}

function receiptKeyOf(rows: readonly Row[]): ReceiptKeyRow | null {
  for (const row of rows) if (row.table === "receipt-key") return row.value;
  return null;
}

async function makeReceiptKey(store: FullStore): Promise<ReceiptKeyRow> {
  const value = { secret: randomId(32) };
  await store.commit({ facts: [{ table: "receipt-key", key: "self", value }], appends: [], trims: [] });
  return value;
}
