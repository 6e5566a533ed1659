import * as v from "valibot";
import type { WholeGroup } from "../../../mls/group-engine.ts";
import { SLOTS } from "../kept.ts";
import type { HistoryRow, KeptGroup, KeyPackage, OwnDevice, QueuedMessage, Saved, Slot } from "../kept.ts";
import type { Connection } from "./connection.ts";
import { readIntent } from "./intents.ts";
import { ownDeviceRows } from "./own-device.ts";
import { ownKeyRows } from "./own-key.ts";
import { readerSets } from "./reader-sets.ts";
import {
  formerDevicesIn,
  readFacts,
  readFlight,
  readGroup,
  readHistory,
  readNamePin,
  readOwed,
  readPin,
  readRequest,
  readWritten,
} from "./rows.ts";
import type { Secrets } from "./secrets.ts";
import { hex } from "../hex.ts";

export interface Reader {
  load(): Saved;
  group(id: Uint8Array): KeptGroup | null;
  keyPackage(reference: Uint8Array): KeyPackage | null;
  history(
    conversation: string,
    page: { readonly before: number | null; readonly limit: number },
  ): readonly HistoryRow[];
  message(conversation: string, device: Uint8Array, messageId: Uint8Array): HistoryRow | null;
  since(conversation: string, options: { readonly number: number; readonly limit: number }): readonly HistoryRow[];
  sentBetween(
    group: Uint8Array,
    options: { readonly device: Uint8Array; readonly from: number; readonly to: number; readonly limit: number },
  ): readonly HistoryRow[];
  news(after: number, limit: number): readonly HistoryRow[];
  outbox(): readonly QueuedMessage[];
  lastPlace(): number;
  search(
    words: string,
    options: { readonly conversation: string | null; readonly limit: number },
  ): readonly HistoryRow[];
}

const MOST_ROWS = 1000;
/** Of contents and texts in one page of history. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_WORDS = 16;
const Bytes = v.instance(Uint8Array);
const SealedRow = v.object({ sealed: Bytes });
const KeyPackageRow = v.object({
  reference: Bytes,
  sealed: Bytes,
  last_resort: v.picklist([0, 1]),
  made_at: v.pipe(v.number(), v.safeInteger()),
});

/** What is kept, read; throws the driver's errors, a `ValiError` or an `AgentStoreError`. */
export function reader(connection: Connection, secrets: Secrets): Reader {
  const statements = prepare(connection);
  const sets = readerSets(connection);
  const own = ownDeviceRows(connection, secrets);
  const ownKey = ownKeyRows(connection, secrets);
  const whoIn = (set: number) => sets.whoIn(set);
  const rows = (found: readonly unknown[]) => found.map((row) => readHistory(row, whoIn));
  return {
    load: () => ({
      device: ownDevice(),
      userSeed: secret("user-seed"),
      candidate: own.candidate(),
      sealKey: own.sealKey(),
      isRemoved: own.isRemoved(),
      rotation: ownKey.rotation(),
      statement: ownKey.statement(),
      successions: ownKey.successions(),
      arePackagesDue: ownKey.arePackagesDue(),
      isRenewalOpen: own.isRenewalOpen(),
      receipt: own.receipt(),
      everyone: own.everyone(),
      invitations: own.invitations(),
      groups: statements.groups.all().map(readGroup),
      keyPackages: statements.keyPackages.all().map((row) => withoutSecret(readKeyPackage(row, secrets))),
      pins: statements.pins.all().map(readPin),
      names: statements.names.all().map(readNamePin),
      drafts: new Map(
        statements.drafts.all().map((row) => v.parse(v.tuple([v.string(), v.string()]), Object.values(row ?? {}))),
      ),
      facts: new Map(
        statements.facts.all().flatMap((row) => [readFacts(row, whoIn)].filter((facts) => facts !== null)),
      ),
      incarnation: incarnation(),
      formerDevices: formerDevices(),
      owing: statements.owing.all().map((row) => v.parse(v.object({ group_id: Bytes }), row).group_id),
      plainAllowed: new Set(
        statements.plainAllowed.all().map((row) => v.parse(v.object({ name: v.string() }), row).name),
      ),
    }),
    group(id) {
      const row = statements.group.get(id);
      if (row === undefined) return null;
      const [request, intent, flight] = [statements.request, statements.intent, statements.flight].map((each) =>
        each.get(id),
      );
      const [active, candidate] = SLOTS.map((slot) => state(id, slot));
      return {
        row: readGroup(row),
        active: active ?? null,
        candidate: candidate ?? null,
        request: request === undefined ? null : readRequest(request),
        intent: intent === undefined ? null : readIntent(intent),
        flight: flight === undefined ? null : readFlight(flight),
        outbox: statements.outbox.all(id).map((waiting) => readWritten(waiting, whoIn)),
        readers: new Set(statements.readers.all(id).map((found) => v.parse(v.object({ who: v.string() }), found).who)),
        senders: new Map(statements.senders.all(id).map(readSender)),
        owed: statements.owed.all(id).map(readOwed),
        isSuccessor: statements.succeeded.get(id) !== undefined,
      };
    },
    keyPackage(reference) {
      const row = statements.keyPackage.get(reference);
      return row === undefined ? null : readKeyPackage(row, secrets);
    },
    history: (conversation, { before, limit }) =>
      upToBytes(rows(statements.history.all(conversation, before ?? Number.MAX_SAFE_INTEGER, bounded(limit)))),
    message(conversation, device, messageId) {
      const row = statements.message.get(conversation, device, messageId);
      return row === undefined ? null : readHistory(row, whoIn);
    },
    since: (conversation, { number, limit }) => rows(statements.since.all(conversation, number, bounded(limit))),
    sentBetween: (group, { device, from, to, limit }) =>
      rows(statements.sentBetween.all(group, from, to, device, bounded(limit))),
    outbox: () =>
      statements.allWaiting.all().map((row) => {
        const { group_id: group } = v.parse(v.object({ group_id: Bytes }), row);
        return { group, message: readWritten(row, whoIn) };
      }),
    news: (after, limit) => rows(statements.news.all(after, bounded(limit))),
    lastPlace: () => Number(Object.values(statements.lastPlace.get() ?? {})[0] ?? 0),
    search(words, { conversation, limit }) {
      const query = queryOf(words);
      return query === null ? [] : rows(statements.search.all(query, conversation, conversation, bounded(limit)));
    },
  };

  function ownDevice(): OwnDevice | null {
    const seed = secret("device-seed");
    if (seed === null) return null;
    const found = v.parse(v.object({ id: Bytes, record: Bytes }), statements.device.get());
    return { ...found, seed };
  }

  function formerDevices(): readonly Uint8Array[] {
    const row = statements.former.get();
    return row === undefined ? [] : formerDevicesIn(v.parse(v.object({ value: Bytes }), row).value);
  }

  function incarnation(): string | null {
    const row = statements.incarnation.get();
    return row === undefined ? null : v.parse(v.object({ value: v.string() }), row).value;
  }

  function secret(name: string): Uint8Array | null {
    const row = statements.secret.get(name);
    return row === undefined ? null : secrets.open(name, v.parse(SealedRow, row).sealed);
  }

  function state(groupId: Uint8Array, slot: Slot): WholeGroup | null {
    const row = statements.state.get(groupId, slot);
    if (row === undefined) return null;
    const { sealed, tree } = v.parse(v.object({ sealed: Bytes, tree: Bytes }), row);
    return { groupId, state: secrets.open(statePlace(groupId, slot), sealed), tree, epochs: [] };
  }
}

/** What a group state's secret is bound to. */
export function statePlace(groupId: Uint8Array, slot: Slot): string {
  return `group-state ${hex(groupId)} ${slot}`;
}

export function keyPackagePlace(reference: Uint8Array): string {
  return `key-package ${hex(reference)}`;
}

function prepare(connection: Connection) {
  const columns = `place, position, conversation, group_id, number, shown, at, who, device, message_id, content, history.text, detail,
    readers, about_device, about_message, amended`;
  return {
    secret: connection.prepare("SELECT sealed FROM secrets WHERE name = ?"),
    device: connection.prepare(
      "SELECT (SELECT value FROM meta WHERE key = 'device-id') AS id, (SELECT value FROM meta WHERE key = 'record') AS record",
    ),
    former: connection.prepare("SELECT value FROM meta WHERE key = 'former-device'"),
    incarnation: connection.prepare("SELECT value FROM meta WHERE key = 'incarnation'"),
    succeeded: connection.prepare("SELECT 1 FROM groups WHERE successor = ?"),
    owing: connection.prepare(
      "SELECT DISTINCT group_id FROM owed JOIN groups ON id = group_id WHERE successor IS NULL",
    ),
    owed: connection.prepare("SELECT device, device_key FROM owed WHERE group_id = ? ORDER BY device"),
    // In the order in which they came.
    groups: connection.prepare("SELECT * FROM groups ORDER BY rowid"),
    group: connection.prepare("SELECT * FROM groups WHERE id = ?"),
    state: connection.prepare(
      "SELECT sealed, tree FROM group_states LEFT JOIN group_trees USING (group_id, slot) WHERE group_id = ? AND slot = ?",
    ),
    request: connection.prepare("SELECT * FROM requests WHERE group_id = ?"),
    intent: connection.prepare("SELECT made_at, intent FROM intents WHERE group_id = ?"),
    flight: connection.prepare("SELECT * FROM flights WHERE group_id = ?"),
    allWaiting: connection.prepare("SELECT * FROM outbox ORDER BY place LIMIT 10000"),
    outbox: connection.prepare("SELECT * FROM outbox WHERE group_id = ? ORDER BY place"),
    // Of all groups that the conversation has had: who was shown in one was shown in its successor.
    readers: connection.prepare(
      `SELECT DISTINCT who FROM readers JOIN groups ON groups.id = readers.group_id
       WHERE conversation = (SELECT conversation FROM groups WHERE id = ?)`,
    ),
    senders: connection.prepare("SELECT device, number FROM senders WHERE group_id = ?"),
    keyPackages: connection.prepare("SELECT * FROM key_packages ORDER BY made_at"),
    keyPackage: connection.prepare("SELECT * FROM key_packages WHERE reference = ?"),
    pins: connection.prepare("SELECT * FROM pins"),
    names: connection.prepare("SELECT * FROM name_pins"),
    drafts: connection.prepare("SELECT conversation, text FROM drafts"),
    history: connection.prepare(
      `SELECT ${columns} FROM history WHERE conversation = ? AND hidden = 0 AND position < ? ORDER BY position DESC LIMIT ?`,
    ),
    message: connection.prepare(
      `SELECT ${columns} FROM history WHERE conversation = ? AND device = ? AND message_id = ?`,
    ),
    since: connection.prepare(
      `SELECT ${columns} FROM history WHERE conversation = ? AND shown > ? AND hidden = 0 ORDER BY shown, place LIMIT ?`,
    ),
    sentBetween: connection.prepare(
      `SELECT ${columns} FROM history WHERE group_id = ? AND number > ? AND number <= ? AND hidden = 0
       AND device = ? ORDER BY number DESC LIMIT ?`,
    ),
    news: connection.prepare(`SELECT ${columns} FROM history WHERE place > ? ORDER BY place LIMIT ?`),
    lastPlace: connection.prepare("SELECT max(place) AS place FROM history"),
    facts: connection.prepare("SELECT id, access, readers, reached FROM groups"),
    plainAllowed: connection.prepare("SELECT name FROM plain_allowed"),
    search: connection.prepare(
      `SELECT ${columns} FROM history_words JOIN history ON history.place = history_words.rowid
       WHERE history_words MATCH ? AND (? IS NULL OR conversation = ?) ORDER BY position DESC LIMIT ?`,
    ),
  };
}

function readKeyPackage(row: unknown, secrets: Secrets): KeyPackage {
  const { reference, sealed, last_resort: lastResort, made_at: madeAt } = v.parse(KeyPackageRow, row);
  return { reference, secret: secrets.open(keyPackagePlace(reference), sealed), lastResort: lastResort === 1, madeAt };
}

function withoutSecret({ reference, lastResort, madeAt }: KeyPackage) {
  return { reference, lastResort, madeAt };
}

function readSender(row: unknown): readonly [string, number] {
  const { device, number } = v.parse(v.object({ device: Bytes, number: v.number() }), row);
  return [Buffer.from(device).toString("hex"), number];
}

/** FTS5's query for rows with all of the words or their beginnings; nothing in them is FTS5's own syntax. Null for no words. */
function queryOf(words: string): string | null {
  const found =
    words
      .slice(0, 1000)
      .match(/[\p{L}\p{N}\p{M}]+/gu)
      ?.slice(0, MOST_WORDS) ?? [];
  return found.length === 0 ? null : found.map((word) => `"${word}"*`).join(" ");
}

/** The first of them, as many as fit; one at least. */
function upToBytes(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  let bytes = 0;
  const end = rows.findIndex(({ entry }) => {
    bytes += entry.kind === "message" ? entry.content.length + 2 * (entry.text?.length ?? 0) : 0;
    return bytes > MOST_BYTES;
  });
  return end === -1 ? rows : rows.slice(0, Math.max(1, end));
}

function bounded(limit: number): number {
  return Math.max(1, Math.min(MOST_ROWS, Math.trunc(limit)));
}
