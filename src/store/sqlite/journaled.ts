import * as v from "valibot";
import type { Append } from "../../core/ports.ts";
import type { Row } from "../../groups/rows.ts";
import { isRow, isRowOfOurs, lastOfEach, type StoredBatch, type StoredFact } from "../stored.ts";

/**
 * A batch as the journal keeps it, and as it travels to the store's thread: four bytes with the length of a header (big-endian), the
 * header as JSON, and behind it the bodies of all entries.
 */
interface Header {
  readonly rows: readonly Row[];
  readonly appends: readonly (readonly [log: string, number: number, lasting: 0 | 1, length: number])[];
}

/** The rows that a message leaves, and whoever reads it: of these the journal keeps what there is to keep. */
const TABLES: ReadonlySet<string> = new Set<Row["table"]>(["head", "writer", "cursor"]);

const LENGTH = 4;

/** Null: it isn't for the journal, since it has facts or rows that are rarely written, or trims. Of each row the last counts. */
export function packJournaled({ facts, appends, trims }: StoredBatch): Uint8Array<ArrayBuffer> | null {
  if (trims.length > 0 || !facts.every(isForJournal)) return null;
  const header: Header = {
    rows: lastOfEach(facts).filter((fact) => isRow(fact)),
    appends: appends.map(({ log, number, lasting, body }) => [log, number, lasting ? 1 : 0, body.length]),
  };
  const text = Buffer.from(JSON.stringify(header));
  const bodies = LENGTH + text.length;
  // A block of its own: it is handed over to another thread.
  const packed = new Uint8Array(appends.reduce((sum, { body }) => sum + body.length, bodies));
  new DataView(packed.buffer).setUint32(0, text.length);
  packed.set(text, LENGTH);
  let at = bodies;
  for (const { body } of appends) {
    packed.set(body, at);
    at += body.length;
  }
  return packed;
}

/** What `packJournaled` has packed. The bodies are parts of `packed`. */
export function unpackJournaled(packed: Uint8Array): StoredBatch {
  const header: Header = JSON.parse(headerIn(packed));
  return unpack(packed, header);
}

/** The same of bytes that lay on a disk. Throws a `ValiError` for those that we can't have written. */
export function readJournaled(packed: Uint8Array): StoredBatch {
  v.parse(AtLeast, packed.length - LENGTH);
  v.parse(AtLeast, packed.length - bodiesIn(packed));
  const header: Header = v.parse(HeaderSchema, headerIn(packed));
  const end = header.appends.reduce((sum, [, , , length]) => sum + length, bodiesIn(packed));
  v.parse(v.literal(packed.length, "A batch in the journal has another length than it says"), end);
  return unpack(packed, header);
}

function isForJournal(fact: StoredFact): boolean {
  return isRow(fact) && isRowForJournal(fact);
}

function isRowForJournal(row: { readonly table: string; readonly key: string; readonly value: unknown }): row is Row {
  return TABLES.has(row.table) && (row.value === null || isRowOfOurs(row));
}

const Whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const AtLeast = v.pipe(v.number(), v.minValue(0, "A batch in the journal is cut short"));

const RowSchema = v.pipe(
  v.object({ table: v.string(), key: v.string(), value: v.unknown() }),
  v.guard(isRowForJournal, "A row of a table that the journal has none of"),
);

const HeaderSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    rows: v.array(RowSchema),
    appends: v.array(v.strictTuple([v.string(), Whole, v.picklist([0, 1]), Whole])),
  }),
);

function headerIn(packed: Uint8Array): string {
  return Buffer.from(packed.buffer, packed.byteOffset).toString("utf8", LENGTH, bodiesIn(packed));
}

/** Where the bodies begin. */
function bodiesIn(packed: Uint8Array): number {
  return LENGTH + new DataView(packed.buffer, packed.byteOffset).getUint32(0);
}

function unpack(packed: Uint8Array, header: Header): StoredBatch {
  let at = bodiesIn(packed);
  const appends = header.appends.map(([log, number, lasting, length]): Append => {
    const body = packed.subarray(at, at + length);
    at += length;
    return { log, number, lasting: lasting === 1, body };
  });
  return { facts: header.rows, appends, trims: [] };
}
