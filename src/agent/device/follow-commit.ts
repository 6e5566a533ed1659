import { followMovement, judgeSuccession } from "../../mls/identity/judge-succession.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import type { Pin, ShownDevice } from "../../mls/identity/pins.ts";
import { readStatement } from "../../mls/identity/succession.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import { whoKey } from "../../mls/identity/who.ts";
import { toText } from "../delivery/base64url.ts";

/** A commit that a group has taken, as far as it concerns whose devices are in it. */
export interface SeenCommit {
  /** Each leaf before it. */
  readonly before: readonly ShownDevice[];
  readonly committer: ShownDevice;
  /** The committer came in by this very commit, or took the place of its own leaf. */
  readonly byJoiner: boolean;
  readonly added: readonly ShownDevice[];
  readonly removed: readonly ShownDevice[];
  readonly authenticatedData: Uint8Array;
}

/** This device, and whose it is. */
export type OwnLeaf = Pick<ShownDevice, "identity" | "deviceId" | "deviceKey">;

export interface Followed {
  /** Those that aren't as they were. */
  readonly pins: readonly Pin[];
  /** The committer's person has removed these devices, with a new user key that is taken for theirs. */
  readonly succession: { readonly removed: readonly Uint8Array[]; readonly isNew: boolean } | null;
}

interface Known {
  /** The pin of a `whoKey`. */
  readonly pinned: (who: string) => Pin | null;
  /** The user key, in base64url, that somebody (a `whoKey`) has by the server's word. */
  readonly heard: (who: string) => string | null;
  /** This device; null: nobody's. */
  readonly own: OwnLeaf | null;
  readonly now: number;
}

/** What a commit says of people's user keys, by what is known of them. */
export function followCommit(commit: SeenCommit, { pinned, heard, own: self, now }: Known): Followed {
  const { before, committer, byJoiner, added, removed, authenticatedData } = commit;
  const pins: Pin[] = [];
  let succession: Followed["succession"] = null;
  const by = whoKey(committer.identity);
  const concerned = new Set([...removed, ...added].map(({ identity }) => whoKey(identity)));
  if (authenticatedData.length > 0) concerned.add(by);
  for (const who of concerned) {
    const isTheirs = ({ identity }: ShownDevice) => whoKey(identity) === who;
    // A device that replaces its own leaf goes nowhere.
    const isBack = (device: ShownDevice) => added.some((one) => isSameDevice(one, device));
    const there = before.filter(isTheirs);
    const known = pinned(who) ?? firstUse(there, heard(who), now);
    // Who comes in is pinned by what they show.
    if (known === null) continue;
    const gone = removed.filter((device) => isTheirs(device) && !isBack(device));
    const stayed = there.filter((device) => !gone.some((one) => isSameDevice(one, device)));
    const came = added.filter((device) => isTheirs(device) && !there.some((one) => isSameDevice(one, device)));
    const own = who === by ? there.find((device) => isSameDevice(device, committer)) : undefined;
    const wasMember = own !== undefined && !byJoiner;
    const hasWord = who === by && authenticatedData.length > 0;
    const verdict = hasWord
      ? judgeSuccession(known, {
          statement: authenticatedData,
          announcer: own ?? committer,
          wasMember,
          removed: gone.map(({ deviceId }) => deviceId),
          present: [...stayed, ...came],
          own: self !== null && who === whoKey(self.identity) ? self : null,
        })
      : null;
    if (verdict === null || verdict.kind === "refused") {
      // Whom it removes with a word that isn't taken is not one of whom its person says nothing.
      const isLost = hasWord && isWordOf(known, authenticatedData);
      const vouching = wasMember && !isLost ? own : null;
      const moved = followMovement(known, { removed: gone, added: came, stayed, by: vouching });
      if (moved !== known) pins.push(moved);
      continue;
    }
    succession = { removed: verdict.statement.removed, isNew: verdict.kind === "accepted" };
    if (verdict.pin !== known) pins.push(verdict.pin);
  }
  return { pins, succession };
}

/** As whoever is found in a group is pinned (`firstShown`). */
function firstUse(there: readonly ShownDevice[], heard: string | null, now: number): Pin | null {
  const first = firstShown(there, heard);
  return first === null ? null : pinOf(first.identity, first.userKey, now);
}

/** Of what is shown as one person's: what has the key that the server calls their present one (in base64url), else the first. */
export function firstShown<T extends { readonly userKey: Uint8Array }>(
  shown: readonly T[],
  heard: string | null,
): T | null {
  return shown.find(({ userKey }) => toText(userKey) === heard) ?? shown[0] ?? null;
}

/** Whether whoever has the pinned key has signed another in its place. */
function isWordOf({ who, userKey }: Pin, statement: Uint8Array): boolean {
  const read = readStatement(statement, who);
  return read.ok && sameBytes(read.statement.old, userKey);
}

/** By id and key: whoever has the user key can give a device of their own another one's id. */
function isSameDevice(one: ShownDevice, other: ShownDevice): boolean {
  return sameBytes(one.deviceId, other.deviceId) && sameBytes(one.deviceKey, other.deviceKey);
}
