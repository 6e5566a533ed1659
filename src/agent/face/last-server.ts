import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { agentPlace } from "../wire/place.ts";

const file = v.object({
  addresses: v.array(
    v.object({ address: v.string(), devices: v.optional(v.array(v.object({ name: v.string() })), []) }),
  ),
});

/** Address of the server on which this person's device was used last, as people write it; null: on none that is known. */
export function lastServer(state: string): string | null {
  return known(state)[0]?.address ?? null;
}

/** Whether this person has a device of that name at that address. */
export function hasDevice(state: string, address: string, name: string): boolean {
  const devices = known(state).find((each) => each.address === address)?.devices ?? [];
  return devices.some((device) => device.name === name);
}

function known(state: string): v.InferOutput<typeof file>["addresses"] {
  try {
    const text = readFileSync(join(agentPlace(state).folder, "servers.json"), "utf8");
    const read = v.safeParse(file, JSON.parse(text));
    return read.success ? read.output.addresses : [];
  } catch {
    return [];
  }
}
