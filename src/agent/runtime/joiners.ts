import { createObservers } from "../../mls/create-observers.ts";
import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import type { NewDevice } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { MOST_ADDED, takeThoseThere } from "./take-packages.ts";

const observers = createObservers();

type Helping = Pick<Entrance, "client" | "groups" | "self" | "system">;

/**
 * Adds devices that wait to come into an open room, for which the server has given this one the turn to commit (SEALED.md 14). They
 * could come in by themselves: adding them gives nobody more than that, and spares the room a commit for each.
 */
export async function addJoiners(helping: Helping, group: string, asked: readonly string[]): Promise<void> {
  const session = helping.groups.session(group);
  const view = (await session?.look()) ?? null;
  const isOpen = view?.row.status === "active" && view.policy?.access === "open";
  const devices = isOpen ? await packagesOf(helping, group, asked.slice(0, MOST_ADDED)) : [];
  const outcome = devices.length === 0 ? null : ((await session?.commit({ kind: "add", devices })) ?? null);
  if (outcome?.kind !== "done") await helping.client.request("give-up-turn", { group });
}

/** The server chooses them: each must be of the very device that was named, of this server, and of nobody who blocks what is written. */
async function packagesOf(helping: Helping, group: string, asked: readonly string[]): Promise<NewDevice[]> {
  const taken = await takeThoseThere(helping, group, asked);
  return taken.flatMap(({ device, keyPackage }) =>
    asked.includes(device) && isOf(helping, device, keyPackage) ? [{ deviceId: toBytes(device), keyPackage }] : [],
  );
}

function isOf({ self, system }: Helping, device: string, keyPackage: Uint8Array): boolean {
  try {
    const inspected = observers.inspectKeyPackage(keyPackage, Math.floor(system.now() / 1000));
    const read = readVerifiedRecord(inspected.record);
    if (!read.ok || toText(read.record.deviceId) !== device) return false;
    const { server, kind } = read.record;
    const isHere = toText(server) === toText(self.server);
    // Machines come in by invitation only.
    if (!isHere || kind === "machine") return false;
    return self.people.blocks({ ...read.record, identity: read.record, deviceKey: inspected.deviceKey }) === null;
  } catch {
    // An EngineError: it is none, or has expired.
    return false;
  }
}
