import type { Push } from "../../wire/frames/pushes.ts";
import { toBytes } from "../delivery/base64url.ts";
import type { Entrance } from "./entrance.ts";

/** Where the server doesn't say how long others may go on writing to those who are to be removed, in milliseconds. */
const TIMEOUT = 300_000;
/** Devices that one commit removes. */
const AT_ONCE = 64;

/** Removes those devices, by as many commits as they need; writing there is held when it isn't done in time. None: what was ordered was lifted. */
export async function removeOrdered(
  entrance: Entrance,
  { group, devices, since, until }: Omit<Extract<Push, { type: "removal-due" }>, "type">,
): Promise<void> {
  const session = entrance.groups.session(group);
  if (session === null) return;
  // By the server's clock both, so their difference is a time on any.
  const timeout = since === undefined || until === undefined ? TIMEOUT : Math.max(0, until - since);
  session.orderRemovals(devices.map(toBytes), timeout);
  for (let at = 0; at < devices.length; at += AT_ONCE) {
    await session.commit({ kind: "remove", devices: devices.slice(at, at + AT_ONCE).map(toBytes) });
  }
  entrance.groups.wake(group);
}
