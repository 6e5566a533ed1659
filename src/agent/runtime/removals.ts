import type { Push } from "../../wire/frames/pushes.ts";
import { whoKey } from "../../mls/identity/who.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import type { SessionView } from "../group-sessions/session.ts";
import { hex } from "../storage/hex.ts";
import type { Entrance } from "./entrance.ts";
import { ownWho } from "./introduce.ts";

/** Where the server doesn't say how long others may go on writing to those who are to be removed, in milliseconds. */
const TIMEOUT = 300_000;
/**
 * How long the device that removes another one of its person's is left to do so itself, with their new user key (SEALED.md 7), in milliseconds: by
 * other people, and by the person's other devices, whose removal would say that nothing was lost.
 */
const HEAD_START = 2_000;
const HEAD_START_OF_OWN = 10_000;
/** Devices that one commit removes. */
const AT_ONCE = 64;

export type Ordered = Omit<Extract<Push, { type: "removal-due" }>, "type"> & {
  /** Of a removal that was ordered before: what is left of its time, in milliseconds. */
  readonly left?: number | undefined;
};

/**
 * Removes those devices, with as many commits as that takes; while it is overdue, nothing is written there. No devices: the order was lifted.
 * Resolves with the milliseconds after which to ask again, since another member may be about to do it (`isPatient`); 0: it is done. `not-there`: this
 * device is still coming into that group.
 */
export async function removeOrdered(
  entrance: Entrance,
  { group, devices, since, until, left }: Ordered,
  { isPatient }: { readonly isPatient: boolean },
): Promise<number | "not-there"> {
  const session = entrance.groups.session(group);
  const view = (await session?.look()) ?? null;
  if (session === null || view === null || view.row.status === "joining") return "not-there";
  // By the server's clock both, so their difference is a time on any; told when it is ordered it is the whole time.
  const whole = since === undefined || until === undefined ? TIMEOUT : Math.max(0, until - since);
  if (isPatient) session.orderRemovals(devices.map(toBytes), left ?? whole);
  const patience = isPatient ? patienceFor(view, devices, whoKey(ownWho(entrance.self))) : 0;
  if (patience > 0) return patience;
  // What was ordered may have been lifted meanwhile.
  const { ordered } = await session.look();
  const due = devices.map(toBytes).filter((device) => ordered.has(hex(device)));
  for (let at = 0; at < due.length; at += AT_ONCE) {
    await session.commit({ kind: "remove", devices: due.slice(at, at + AT_ONCE) });
  }
  entrance.groups.wake(group);
  return 0;
}

/** Somebody among them may stay with another device, which is about to say that these are removed. */
function patienceFor({ members }: SessionView, devices: readonly string[], own: string): number {
  const ordered = new Set(devices);
  const going = members.filter(({ deviceId }) => ordered.has(toText(deviceId)));
  const staying = new Set(members.filter(({ deviceId }) => !ordered.has(toText(deviceId))).map(({ who }) => who));
  const parts = going.filter(({ who }) => staying.has(who));
  if (parts.length === 0) return 0;
  return parts.some(({ who }) => who === own) ? HEAD_START_OF_OWN : HEAD_START;
}
