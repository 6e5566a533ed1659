import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Person as Bearer } from "../../wire/frames/people.ts";
import { toText } from "../delivery/base64url.ts";
import { isSameOwner } from "../delivery/places.ts";
import type { KnownPeople } from "../device/known-people.ts";
import type { Person } from "../group-sessions/person.ts";
import type { SessionView } from "../group-sessions/session.ts";
import { hex } from "../storage/hex.ts";
import type { Self } from "./introduce.ts";
import { whoOf } from "./people.ts";

/** A device that a person of a group has, and that isn't in it. */
export interface Missing {
  readonly person: Bearer;
  /** In base64url. */
  readonly device: string;
  /** Under which it must show a record. */
  readonly userKey: Uint8Array;
}

/**
 * What the server lists of this person and a group doesn't have, under the user key of a leaf of theirs that may stay, which is the pinned
 * one. The listed record isn't verified here: what counts is that of the key package.
 */
export function missingFrom(
  view: Pick<SessionView, "members" | "ordered">,
  person: Bearer,
  self: Pick<Self, "server" | "former"> & { readonly people: Pick<KnownPeople, "blocks"> },
): readonly Missing[] {
  const who = whoKey(whoOf(self, person));
  const listed = new Set(person.devices.map(({ device }) => device));
  const leaves = view.members.filter((member) => member.who === who);
  const trusted = leaves.filter((leaf) => !isLeaving(view, leaf, listed) && self.people.blocks(leaf) === null);
  const keys = new Map(trusted.map(({ userKey }) => [hex(userKey), userKey]));
  const present = new Set(leaves.map(({ deviceId }) => toText(deviceId)));
  const former = new Set(self.former.map(toText));
  return person.devices.flatMap(({ device, record }) => {
    if (present.has(device) || former.has(device)) return [];
    const read = readVerifiedRecord(record);
    if (!read.ok || toText(read.record.deviceId) !== device || !isSameOwner(read.record, person.owner)) return [];
    const userKey = keys.get(hex(read.record.userKey));
    return userKey === undefined ? [] : [{ person, device, userKey }];
  });
}

/** Its removal is ordered, and not because another device has taken its place: its person has left, or is to go. */
function isLeaving(
  { ordered }: Pick<SessionView, "ordered">,
  { deviceId }: Person,
  listed: ReadonlySet<string>,
): boolean {
  return ordered.has(hex(deviceId)) && listed.has(toText(deviceId));
}
