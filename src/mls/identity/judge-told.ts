import { includes, sameBytes } from "./bytes.ts";
import { ownSuccession, ownSuccessions } from "./judge-succession.ts";
import { MOST_KEYS } from "./pins.ts";
import type { Pin, ShownDevice } from "./pins.ts";
import { successionsTo } from "./succession-chain.ts";
import { readStatement } from "./succession.ts";

/**
 * The pin where a server tells how the key that is `shown` followed on the pinned one, and no device was there that could have announced it. Null:
 * nothing follows. `leaves`: all that this person has in groups of one's own. Only where none of them is under an earlier key any more, nor was
 * removed: else it is for them to announce the new one. Whoever still has the old key (a device that was removed) could have signed this for a server that helps them; but under the pinned key itself
 * those two could do as much, and be told by nothing (SECURITY.md). Never asked of one's own person.
 */
export function judgeTold(
  pin: Pin,
  statements: readonly Uint8Array[],
  { shown, leaves }: { readonly shown: Uint8Array; readonly leaves: readonly ShownDevice[] },
): Pin | null {
  let last = pin;
  const chain: Uint8Array[] = [];
  for (const bytes of statements.slice(-MOST_KEYS)) {
    const next = sameBytes(last.userKey, shown) ? null : ownSuccession(last, bytes);
    if (next === null) continue;
    last = next;
    chain.push(bytes);
  }
  if (last === pin || !sameBytes(last.userKey, shown)) return null;
  const gone = last.former?.removed ?? [];
  const isAll = leaves.every(({ userKey, deviceId }) => sameBytes(userKey, shown) && !includes(gone, deviceId));
  return isAll ? ownSuccessions(pin, chain) : null;
}

/**
 * The pin where a server tells how the pinned key itself came to be, and `shown` is one before it: whoever has the pinned key has signed who stays
 * under the former ones. So a device that was away over the change, or comes in by what it had prepared before, is no changed key to one who met the
 * new key first, and nobody is asked to say yes to the former one. Null: nothing follows that isn't known. What was followed before stays as it is.
 * Nothing of whom it calls removed, since each of the person's devices could shut out the others by that, nor of a key in whose place a person's own
 * word has put another: that may be taken back by comparing it. Asked of one's own person, too, since no key becomes theirs by it.
 */
export function judgeVouched(pin: Pin, statements: readonly Uint8Array[], shown: Uint8Array): Pin | null {
  const { keys, staying, replaced, removed } = pin.former ?? { keys: [], staying: [], replaced: [], removed: [] };
  if (includes([...keys, ...replaced], shown)) return null;
  const all = successionsTo(pin.who, pin.userKey, statements).flatMap((bytes) => {
    const read = readStatement(bytes, pin.who);
    return read.ok ? [read.statement] : [];
  });
  const since = all.slice(all.findIndex(({ old }) => sameBytes(old, shown)));
  const last = since.at(-1);
  if (last === undefined || !sameBytes(since[0]?.old ?? new Uint8Array(), shown)) return null;
  const [known = last.old] = keys;
  if (!sameBytes(known, last.old)) return null;
  const before = since.map(({ old }) => old).toReversed();
  return {
    ...pin,
    former: {
      keys: [...keys, ...before.filter((key) => !includes(keys, key))].slice(0, MOST_KEYS),
      replaced,
      staying: keys.length > 0 ? staying : last.staying,
      removed,
    },
  };
}
