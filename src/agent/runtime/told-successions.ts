/**
 * Somebody's user key has followed another where this device was in no group in which a device of theirs could say so: they had only the one there
 * that is removed now, or none. Then the server is asked, and what the former key has signed is judged by `judgeTold`.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Person as Bearer } from "../../wire/frames/people.ts";
import { toBytes } from "../delivery/base64url.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { Entrance } from "./entrance.ts";
import { ownWho } from "./introduce.ts";
import { whoOf } from "./people.ts";

/** Before somebody is invited: their key packages are under the key that is their present one. */
export async function knowPresentKey(entrance: Entrance, person: Bearer): Promise<void> {
  if (person.userKey === null) return;
  await isToldSuccessor(entrance, whoOf(entrance.self, person), toBytes(person.userKey));
}

export interface ToldSuccessions {
  /** A connection is over: what was asked on it may be asked again. */
  begin(): void;
  /** Behind each time that a group did what could be done. True: it was held for keys that aren't changed ones, and can go on. */
  resolves(entrance: Entrance, standing: Standing): Promise<boolean>;
}

/** Keys that are remembered as asked for on this connection, and how soon one is asked for again, in milliseconds. */
const MOST_ASKED = 1_000;
const AGAIN = 30_000;

export function toldSuccessions(): ToldSuccessions {
  const asked = new Map<string, number>();
  return {
    begin: () => asked.clear(),
    async resolves(entrance, standing) {
      if (standing.kind !== "held") return false;
      let isAny = false;
      for (const { who, userKey } of standing.holds.flatMap((hold) =>
        hold.kind === "changed-key" ? hold.shown : [],
      )) {
        if (!mayAsk(`${whoKey(who)} ${userKey.join()}`, entrance.system.now())) continue;
        if (await isToldSuccessor(entrance, who, userKey)) isAny = true;
      }
      return isAny;
    },
  };

  function mayAsk(key: string, now: number): boolean {
    const last = asked.get(key);
    if (last !== undefined && now - last < AGAIN) return false;
    if (last === undefined && asked.size >= MOST_ASKED) return false;
    asked.set(key, now);
    return true;
  }
}

/** Whether that key has come to be the pinned one by this. */
async function isToldSuccessor(
  { client, store, groups, self }: Entrance,
  who: Who,
  shown: Uint8Array,
): Promise<boolean> {
  const { people } = self;
  const key = whoKey(who);
  // One's own new key is taken from who announces it, never at the server's word.
  if (key === whoKey(ownWho(self))) return false;
  const pinned = people.keyOf(key);
  if (pinned === null || sameBytes(pinned, shown)) return false;
  const { kind, identity } = who;
  const answer = await client.request("successions", { owner: { kind, identity } });
  if (answer.kind !== "answered" || answer.value.statements.length === 0) return false;
  const leaves = (await groups.members()).filter((member) => member.who === key);
  const changes = await people.change(store, () => people.told(key, answer.value.statements, { shown, leaves }));
  return changes.length > 0;
}
