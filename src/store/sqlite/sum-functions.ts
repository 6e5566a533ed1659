import type { DatabaseSync } from "node:sqlite";
import { Digest, SUM_BYTES, sumOf } from "./sums.ts";

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
