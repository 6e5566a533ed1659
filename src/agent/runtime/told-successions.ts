/**
 * Somebody's user key has followed another where this device was in no group in which a device of theirs could say so: they had only the one there
 * that is removed now, or none. Then the server is asked, and what the former key has signed is judged by `judgeTold`. So it is where this device
 * came behind that, and met the new key first: what the new key has signed says which devices stay under the former one (`judgeVouched`).
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Person as Bearer } from "../../wire/frames/people.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { Entrance } from "./entrance.ts";
import { whoOf } from "./people.ts";

/** Before somebody is invited: their key packages are under the key that is their present one. */
export async function knowPresentKey(entrance: Entrance, person: Bearer): Promise<void> {
  if (person.userKey === null) return;
  await isTold(entrance, whoOf(entrance.self, person), toBytes(person.userKey));
}

export interface ToldSuccessions {
  /** A connection is over: what was asked on it may be asked again. */
  begin(): void;
  /**
   * Behind each time that a group did what could be done. True: it was held for keys that aren't changed ones, and can go on. A server that is slow
   * to answer keeps nobody from hearing of the hold: what it says later wakes the groups then.
   */
  resolves(entrance: Entrance, standing: Standing): Promise<boolean>;
  /** Leaves of these people (`whoKey`) have changed somewhere: what was refused because of them may be asked again. True: something was. */
  leavesChanged(people: readonly string[]): boolean;
}

/** Keys that are remembered as asked for on this connection, and how soon one is asked for again, in milliseconds. */
const MOST_ASKED = 1_000;
const AGAIN = 30_000;
/** So long, in milliseconds, a hold isn't told while the server is asked. */
const PATIENCE = 2_000;

export function toldSuccessions(): ToldSuccessions {
  const asked = new Map<string, { readonly who: string; readonly at: number }>();
  return {
    begin: () => asked.clear(),
    async resolves(entrance, standing) {
      if (standing.kind !== "held") return false;
      const changed = standing.holds.flatMap((hold) => (hold.kind === "changed-key" ? hold.shown : []));
      const fresh = changed.filter(({ who, userKey }) => mayAsk(whoKey(who), userKey, entrance.system.now()));
      if (fresh.length === 0) return false;
      // What can't be asked or kept now leaves the hold as it is.
      const asking = isAnyTold(entrance, fresh).catch(() => false);
      const isAny = await Promise.race([asking, entrance.system.wait(PATIENCE).then(() => null)]);
      if (isAny !== null) return isAny;
      void wakeIf(asking, entrance);
      return false;
    },
    leavesChanged(people) {
      const keys = [...asked].filter(([, { who }]) => people.includes(who)).map(([key]) => key);
      for (const key of keys) asked.delete(key);
      return keys.length > 0;
    },
  };

  function mayAsk(who: string, userKey: Uint8Array, now: number): boolean {
    const key = `${who} ${toText(userKey)}`;
    const last = asked.get(key)?.at;
    if (last !== undefined && now - last < AGAIN) return false;
    if (last === undefined && asked.size >= MOST_ASKED) return false;
    asked.set(key, { who, at: now });
    return true;
  }
}

async function wakeIf(asking: Promise<boolean>, { groups }: Entrance): Promise<void> {
  if (await asking) groups.wakeAll();
}

async function isAnyTold(
  entrance: Entrance,
  shown: readonly { readonly who: Who; readonly userKey: Uint8Array }[],
): Promise<boolean> {
  let isAny = false;
  for (const { who, userKey } of shown) if (await isTold(entrance, who, userKey)) isAny = true;
  return isAny;
}

/** Whether that key has come to be the pinned one by this, or known as one before it. */
async function isTold({ client, store, groups, self }: Entrance, who: Who, shown: Uint8Array): Promise<boolean> {
  const { people } = self;
  const key = whoKey(who);
  const pinned = people.keyOf(key);
  if (pinned === null || sameBytes(pinned, shown)) return false;
  const { kind, identity } = who;
  const answer = await client.request("successions", { owner: { kind, identity } });
  if (answer.kind !== "answered" || answer.value.statements.length === 0) return false;
  // A group that can't be read now may hold a device of theirs: nothing is taken before it can.
  const members = await groups.members().catch(() => null);
  if (members === null) return false;
  const leaves = members.filter((member) => member.who === key);
  const changes = await people.change(store, () => people.told(key, answer.value.statements, { shown, leaves }));
  return changes.length > 0;
}
