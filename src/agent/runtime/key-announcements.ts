/**
 * What the groups are told of this person's user key on this device: in each a commit says whose key it succeeds, brings this device's record
 * under it and removes whoever is out with it; and says so again to whoever may know the former key alone.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import { whoKey } from "../../mls/identity/who.ts";
import { toText } from "../delivery/base64url.ts";
import type { Person } from "../group-sessions/person.ts";
import type { GroupSession, SessionView } from "../group-sessions/session.ts";
import { hex } from "../storage/hex.ts";
import type { GroupRow } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import type { Groups } from "./groups.ts";
import { keyIn, ownWho } from "./introduce.ts";
import type { Self } from "./introduce.ts";
import { successionOf } from "./next-key.ts";
import type { Succession } from "./next-key.ts";

/** Epochs of a successor in which its newcomers may come from the group before it. */
const YOUNG = 64;

export interface Beginning {
  readonly self: Self;
  readonly statement: Uint8Array | null;
  /** That this device is in already. */
  readonly groups: readonly Uint8Array[];
}

/** @param later does something in a lane of its own, soon; not when this device has ended. */
export function keyAnnouncements(later: (lane: string, task: (entrance: Entrance) => Promise<void>) => void) {
  /** Of this device's present user key; null: it is the first that this device knows. */
  let present: Succession | null = null;
  /** Groups, in base64url, in which this device has said what is present. */
  const announced = new Set<string>();
  /** By group, in base64url: the devices that were there when it was looked at last, in hex. */
  const told = new Map<string, ReadonlySet<string>>();

  return {
    /** A device has come alive. */
    begin({ self, statement, groups }: Beginning): void {
      announced.clear();
      for (const group of groups) announced.add(toText(group));
      told.clear();
      present = statement === null ? null : successionOf(self, statement);
    },
    /** Who is in the groups before they are read on: whoever is there besides, once they are, has come while this device was away. */
    async find(groups: Groups, known: readonly GroupRow[]): Promise<void> {
      if (present === null) return;
      for (const { id, status } of known) {
        if (status !== "active") continue;
        // What can't be loaded shows where the group is read on.
        const view = await groups
          .session(toText(id))
          ?.look()
          .catch(() => null);
        if (view) told.set(toText(id), idsOf(view.members));
      }
    },
    /** After each time that a group did what could be done: whether it has this device's present record, and not those that were removed. */
    advanced({ self }: Entrance, session: GroupSession, view: SessionView): void {
      const { members } = view;
      const succession = present;
      if (succession === null) return;
      const { statement, removed } = succession;
      const own = members.find(({ deviceId }) => sameBytes(deviceId, self.device.id));
      const isOut = !members.some(({ deviceId }) => removed.some((id) => sameBytes(id, deviceId)));
      if (own === undefined) return;
      const group = toText(session.id);
      const isDone = isOut && sameBytes(own.userKey, keyIn(self));
      // Into some groups it has come under the new key, and has said nothing of it.
      // What can't be said now is said as soon as the group goes on.
      if (isNews(group, self, view)) announced.delete(group);
      const again = !announced.has(group);
      if (isDone && !again) return;
      later(`own key ${group}`, async (entrance) => {
        const outcome = await session.commit({ kind: "succeed", statement, devices: removed, again });
        if (outcome.kind === "done") announced.add(group);
        if (outcome.kind === "done") entrance.groups.wake(group);
      });
    },
    /** This device is under the key that this statement leads to from now on. */
    succeeded(self: Self, statement: Uint8Array): void {
      present = successionOf(self, statement);
      announced.clear();
    },
  };

  /**
   * Whether a device has come that may know the former key alone: each knows people by what it has seen itself, and one of this person's that has
   * been away shows that key still; or the server was restored, and the newcomer has been in the group that this one took the place of, as that
   * was before the removal. What this device finds in a group at first has been told.
   */
  function isNews(group: string, self: Self, { members, epoch, isSuccessor }: SessionView): boolean {
    const before = told.get(group);
    const devices = idsOf(members);
    told.set(group, devices);
    if (before === undefined || [...devices].every((id) => before.has(id))) return false;
    if (isSuccessor && epoch !== null && epoch <= YOUNG) return true;
    const who = whoKey(ownWho(self));
    return members.some((member) => member.who === who && !sameBytes(member.userKey, keyIn(self)));
  }
}

function idsOf(members: readonly Person[]): ReadonlySet<string> {
  return new Set(members.map(({ deviceId }) => hex(deviceId)));
}
