import * as v from "valibot";
import type { Pin } from "../../../mls/identity/pins.ts";
import { hex } from "../hex.ts";

/** What a pin knows of keys and devices before: as JSON, its bytes in hex. */
type Known = Pick<Pin, "former" | "departures">;

const Ids = v.array(
  v.pipe(
    v.string(),
    v.hexadecimal(),
    v.transform((text) => Uint8Array.from(Buffer.from(text, "hex"))),
  ),
);
const Text = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    // What was written before `replaced` was known has none.
    former: v.nullable(v.object({ keys: Ids, staying: Ids, removed: Ids, replaced: v.optional(Ids, []) })),
    departures: v.nullable(v.object({ gone: Ids, left: Ids })),
  }),
);

export function writeSuccession({ former, departures }: Known): string | null {
  if (former === null && departures === null) return null;
  return JSON.stringify({
    former: former === null ? null : hexed(former),
    departures: departures === null ? null : hexed(departures),
  });
}

/** Throws a `ValiError` for what was never written so. */
export function readSuccession(text: string | null): Known {
  return text === null ? { former: null, departures: null } : v.parse(Text, text);
}

function hexed(lists: object): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, ids]: [string, Uint8Array[]]) => [name, ids.map(hex)]));
}
