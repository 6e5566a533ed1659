import * as v from "valibot";
import { MOST_SUCCESSIONS } from "../../../mls/identity/succession-chain.ts";
import { AgentStoreError } from "../errors.ts";
import type { OwnKeyChange } from "../changes.ts";
import { hex } from "../hex.ts";
import type { KeptRotation } from "../kept.ts";
import type { Connection } from "./connection.ts";
import type { Secrets } from "./secrets.ts";
import { singleValues } from "./single-values.ts";

/** What becomes of the user key on this device: rows of `meta` and `secrets`. */
export function ownKeyRows(connection: Connection, secrets: Secrets) {
  const single = singleValues(connection, secrets);
  return {
    rotation(): KeptRotation | null {
      const row = single.meta("rotation");
      const seed = single.secret("next-user-seed");
      return row === undefined || seed === null ? null : { ...v.parse(RotationRow, row).value, seed };
    },
    statement(): Uint8Array | null {
      const row = single.meta("statement");
      return row === undefined ? null : v.parse(v.object({ value: v.instance(Uint8Array) }), row).value;
    },
    successions,
    arePackagesDue: () => single.hasMeta("packages-due"),
    apply,
    /** Another device begins, which has no user key yet. */
    forget(): void {
      drop();
      single.dropMeta("statement");
      single.dropMeta("successions");
      single.dropMeta("packages-due");
    },
  };

  function apply(change: OwnKeyChange): void {
    switch (change.kind) {
      case "rotation-begun":
        // Its seed may be the only copy of a key that the server has taken.
        if (single.hasMeta("rotation"))
          throw new AgentStoreError(
            "conflict",
            "A new user key is on its way already. Try again when that is done: it goes on by itself when the server is there.",
          );
        single.setMeta("rotation", write(change.rotation));
        single.setSecret("next-user-seed", change.rotation.seed);
        return;
      case "rotation-dropped":
        drop();
        return;
      case "user-key-succeeded":
        drop();
        single.setMeta("record", change.record);
        single.setMeta("statement", change.statement);
        keepSuccessions([...successions(), change.statement]);
        single.setMeta("packages-due", 1);
        single.setSecret("user-seed", change.seed);
        return;
      case "successions-kept":
        keepSuccessions(change.statements);
        return;
      case "packages-renewed":
        single.dropMeta("packages-due");
        return;
    }
  }

  function successions(): readonly Uint8Array[] {
    const row = single.meta("successions");
    return row === undefined ? [] : v.parse(SuccessionsRow, row).value;
  }

  function keepSuccessions(statements: readonly Uint8Array[]): void {
    single.setMeta("successions", JSON.stringify(statements.slice(-MOST_SUCCESSIONS).map(hex)));
  }

  function drop(): void {
    single.dropMeta("rotation");
    single.dropSecret("next-user-seed");
  }
}

function write({ former, statement, removed, own, staying }: KeptRotation): string {
  return JSON.stringify({
    former: hex(former),
    statement: hex(statement),
    removed: removed.map(hex),
    own: hex(own),
    staying: staying.map(({ device, record, sealed }) => ({
      device: hex(device),
      record: hex(record),
      sealed: hex(sealed),
    })),
  });
}

const Bytes = v.pipe(
  v.string(),
  v.hexadecimal(),
  v.transform((text): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"))),
);
const SuccessionsRow = v.object({ value: v.pipe(v.string(), v.parseJson(), v.array(Bytes)) });
const RotationRow = v.object({
  value: v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      former: Bytes,
      statement: Bytes,
      removed: v.array(Bytes),
      own: Bytes,
      staying: v.array(v.object({ device: Bytes, record: Bytes, sealed: Bytes })),
    }),
  ),
});
