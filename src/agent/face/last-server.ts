import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { agentPlace } from "../wire/place.ts";

const file = v.object({ addresses: v.array(v.object({ address: v.string() })) });

/** Address of the server on which this person's device was used last, as people write it; null: on none that is known. */
export function lastServer(state: string): string | null {
  try {
    const text = readFileSync(join(agentPlace(state).folder, "servers.json"), "utf8");
    const read = v.safeParse(file, JSON.parse(text));
    return read.success ? (read.output.addresses[0]?.address ?? null) : null;
  } catch {
    return null;
  }
}
