import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/**
 * Checksums against damage, not against somebody who can write the file: they could make the sums, too. Each row carries
 * the sum of its columns; a *digest* is the XOR of many rows' sums, so that a row that is missing shows as well.
 */
const SUM_BYTES = 16;

type Column = string | number | bigint | null | Uint8Array;

/** The checksum of a row: of its table's name and its columns, in their order and without the sum itself. 16 bytes. */
export function sumOf(table: string, columns: readonly Column[]): Uint8Array {
  const text = JSON.stringify([table, ...columns.map(written)]);
  const bytes = columns.filter((column) => column instanceof Uint8Array);
  return digestOf(bytes.length === 0 ? text : Buffer.concat([Buffer.from(text), ...bytes]));
}

/** The same of a row of `entries`, in less time: there are more of them than of all others. */
export function entrySum(log: number, number: number, lasting: number, body: Uint8Array): Uint8Array {
  const text = `["entries",${log},${number},${lasting},{"bytes":${body.length}}]`;
  const whole = text.length + body.length;
  if (whole > workplace.length) return sumOf("entries", [log, number, lasting, body]);
  workplace.write(text, "latin1");
  workplace.set(body, text.length);
  return digestOf(workplace.subarray(0, whole));
}

const workplace = Buffer.alloc(16 * 1024);

/** In one call: a hash object for each row takes longer than the hash. */
function digestOf(data: string | Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", data, "buffer").subarray(0, SUM_BYTES));
}

/** What SQLite makes of a value when it keeps it; bytes follow behind, here stands their number. */
function written(column: Column): string | number | null | { readonly bytes: number } {
  if (column instanceof Uint8Array) return { bytes: column.length };
  if (typeof column === "bigint") return Number(column);
  return typeof column === "string" ? column.toWellFormed() : column;
}

/** A digest under way. Putting in a sum a second time takes it out again. */
export class Digest {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array = new Uint8Array(SUM_BYTES)) {
    this.bytes = Uint8Array.from({ length: SUM_BYTES }, (_, i) => bytes[i] ?? 0);
  }

  toggle(sum: Uint8Array): void {
    for (let i = 0; i < SUM_BYTES; i += 1) this.bytes[i] = (this.bytes[i] ?? 0) ^ (sum[i] ?? 0);
  }
}

export function sameSum(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** For migrations: `row_sum(table, column, …)` and the aggregate `digest(sum)`. What was published of them never changes. */
export function addSumFunctions(connection: DatabaseSync): void {
  connection.function("row_sum", { deterministic: true, varargs: true }, (table, ...columns) =>
    sumOf(String(table), columns),
  );
  connection.aggregate("digest", {
    start: () => new Uint8Array(SUM_BYTES),
    step: (before, sum) => {
      const digest = new Digest(before instanceof Uint8Array ? before : undefined);
      if (sum instanceof Uint8Array) digest.toggle(sum);
      return digest.bytes;
    },
  });
}
