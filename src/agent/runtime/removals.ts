import type { Push } from "../../wire/frames/pushes.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import type { Entrance } from "./entrance.ts";

/** Where the server doesn't say how long others may go on writing to those who are to be removed, in milliseconds. */
const TIMEOUT = 300_000;
/** How long a person's own device is left to remove others of theirs itself, with their new user key (SEALED.md 7), in milliseconds. */
const HEAD_START = 2_000;
/** Devices that one commit removes. */
const AT_ONCE = 64;

type Ordered = Omit<Extract<Push, { type: "removal-due" }>, "type"> & {
  /** Of a removal that was ordered before: what is left of its time, in milliseconds. */
  readonly left?: number | undefined;
};

/** Removes those devices, by as many commits as they need; writing there is held when it isn't done in time. None: what was ordered was lifted. */
export async function removeOrdered(
  entrance: Entrance,
  { group, devices, since, until, left }: Ordered,
): Promise<void> {
  const session = entrance.groups.session(group);
  if (session === null) return;
  // By the server's clock both, so their difference is a time on any; told when it is ordered it is the whole time.
  const whole = since === undefined || until === undefined ? TIMEOUT : Math.max(0, until - since);
  session.orderRemovals(devices.map(toBytes), left ?? whole);
  if (await isAnnouncedSoon(session, devices)) await entrance.system.wait(HEAD_START);
  for (let at = 0; at < devices.length; at += AT_ONCE) {
    await session.commit({ kind: "remove", devices: devices.slice(at, at + AT_ONCE).map(toBytes) });
  }
  entrance.groups.wake(group);
}

/** Whether somebody among them stays with another device, which may be about to say that these are removed. */
async function isAnnouncedSoon(session: GroupSession, devices: readonly string[]): Promise<boolean> {
  const ordered = new Set(devices);
  const { members } = await session.look();
  const going = members.filter(({ deviceId }) => ordered.has(toText(deviceId)));
  const staying = new Set(members.filter(({ deviceId }) => !ordered.has(toText(deviceId))).map(({ who }) => who));
  return going.some(({ who }) => staying.has(who));
}
