import { includes, sameBytes } from "../../mls/identity/bytes.ts";
import { ownSuccessions, withConfirmed } from "../../mls/identity/judge-succession.ts";
import type { NamedDevice } from "../../mls/identity/judge-succession.ts";
import { judgeTold, judgeVouched } from "../../mls/identity/judge-told.ts";
import { foldName, inPlaceOf, isEarlier, judgeKey, judgeName, pinOf, verified } from "../../mls/identity/pins.ts";
import type { NamePin, Pin, ShownDevice, TrustLevel } from "../../mls/identity/pins.ts";
import { isSameWho, whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { toText } from "../delivery/base64url.ts";
import { firstShown, followCommit } from "./follow-commit.ts";
import type { Followed, OwnLeaf, SeenCommit } from "./follow-commit.ts";
import type { Change } from "../storage/changes.ts";
import type { KeptDoubt } from "../storage/doubt.ts";
import type { AgentStore } from "../storage/ports.ts";

/** `removed-device`: its own person has removed it, and it is still there. */
export type Block = "changed-key" | "remapped-name" | "removed-device";

/** Somebody, with the user key that is shown as theirs. */
interface ShownKey {
  readonly who: Who;
  readonly userKey: Uint8Array;
}

/**
 * The pins, in memory: what is known of people, and what follows for sending. Whatever changes gives changes for the store, and counts
 * here when `change` has them on the disk.
 */
export interface KnownPeople {
  /** Why nothing is to be sent to this device, or null. First uses are no reason. */
  blocks(device: ShownDevice): Block | null;
  /** The same by the pinned key alone, whatever the server calls them: what one's own devices are judged by. */
  blocksKey(device: ShownDevice): Exclude<Block, "remapped-name"> | null;
  /**
   * The only way in which what is known changes: one change after another, over all groups. `compute` sees all that was kept before it, and what
   * it gives is on the disk, and counts, before the next one is computed. What it gave; rejects with what `compute` or the store says.
   */
  change(store: Pick<AgentStore, "commit">, compute: () => readonly Change[]): Promise<readonly Change[]>;
  /** What a commit changes in what is known of people; within a `change`. */
  follow(commit: SeenCommit): Followed;
  /** This person's own pin behind statements that this device has made, or takes as its own: one leads to the next, the first from the key `former`. */
  succeed(who: Who, former: Uint8Array, statements: readonly Uint8Array[]): readonly Change[];
  /**
   * What the server tells of somebody's successions: of somebody else's where no device of theirs could announce them, and of anybody's what came
   * before the key that is pinned; within a `change`.
   */
  told(who: string, statements: readonly Uint8Array[], given: Parameters<typeof judgeTold>[2]): readonly Change[];
  /** This person has confirmed that device as theirs, here: it may announce a new key, although it came since one went without a word. */
  confirmed(device: NamedDevice): readonly Change[];
  /** What is pinned of somebody (a `whoKey`); null: nothing. */
  pinOf(who: string): Pin | null;
  /** The user key that is pinned as theirs. */
  keyOf(who: string): Uint8Array | null;
  /** Why a message of this device may not be its person's word. A name that means somebody else is no reason: it isn't given to whom it leads to now. */
  doubts(device: ShownDevice): KeptDoubt | null;
  /** Whether that key (in base64url) is pinned as theirs. What came under it before is in no doubt from then on, whatever key follows (the store). */
  isTheirs(who: string, userKey: string): boolean;
  /** The server says that this is somebody's present user key. It decides nothing but which of several keys that are shown at once is pinned at first. */
  heard(who: string, userKey: string): void;
  /** Pins of those who aren't known yet. */
  firstUses(shown: readonly ShownKey[]): readonly Change[];
  /** The server calls them so: pinned at first; another identity, but this person's own, blocks sending to it until `acceptName`. */
  seeName(name: string, who: Who): readonly Change[];
  /**
   * The person says yes to a changed key: unverified from now on. Nothing where another than `known` is pinned by now (`keyOf`, when they said so),
   * nor of a key that the pinned one has succeeded, or has taken the place of by such a word.
   */
  acceptKey(shown: ShownKey, known: Uint8Array | null): readonly Change[];
  acceptName(name: string, who: Who): readonly Change[];
  /** Nothing where that key isn't the pinned one, or is as well known already. */
  verify(shown: ShownKey, level: TrustLevel): readonly Change[];
  /** The person has compared this key with its owner: it is theirs from now on. Nothing where neither it nor `known` is pinned by now, or it is one that the pinned one has succeeded. */
  compare(shown: ShownKey, known: Uint8Array | null): readonly Change[];
  level(who: string): TrustLevel | null;
  /** By which name they are known: the first that was pinned to them and still is. Null: by none. */
  nameOf(who: string): string | null;
  /** To whom that name is pinned. */
  named(name: string): Who | null;
  /** The name that leads to them now and didn't first, until somebody has looked. */
  remappedName(who: string): string | null;
}

/** Of so many people. */
const MOST_HEARD = 10_000;
/** So many names are pinned because the server says them; more only by the person's own word. */
export const MOST_NAMES = 10_000;

/** `own`: this device; null: nobody's. */
export function knownPeople(
  saved: { readonly pins: readonly Pin[]; readonly names: readonly NamePin[] },
  now: () => number,
  own: OwnLeaf | null = null,
): KnownPeople {
  const pins = new Map(saved.pins.map((pin) => [whoKey(pin.who), pin]));
  const names = new Map(saved.names.map((pin) => [foldName(pin.name), pin]));
  /** Identities that a name leads to now and didn't first, with that name; until the person has looked. */
  const remapped = new Map<string, string>();
  /** In base64url. */
  const present = new Map<string, string>();
  let following: Promise<unknown> = Promise.resolve();
  const nameByWho = new Map<string, string>();
  for (const { name, who } of saved.names) if (!nameByWho.has(whoKey(who))) nameByWho.set(whoKey(who), name);

  return {
    blocks(device) {
      return blocksKey(device) ?? (remapped.has(whoKey(device.identity)) ? "remapped-name" : null);
    },
    blocksKey,
    async change(store, compute) {
      const turn = following.then(async () => {
        const changes = compute();
        if (changes.length > 0) await store.commit(changes);
        keep(changes);
        return changes;
      });
      following = turn.catch(() => {});
      return await turn;
    },
    follow: (commit) =>
      followCommit(commit, {
        pinned: (who) => pins.get(who) ?? null,
        heard: (who) => present.get(who) ?? null,
        own,
        now: now(),
      }),
    succeed(who, former, statements) {
      const known = pins.get(whoKey(who));
      // Whatever is pinned by now: this device is under the last of these keys from here on.
      const made = known === undefined ? pinOf(who, former, now()) : inPlaceOf(known, former, now());
      const pin = (known === undefined ? null : ownSuccessions(known, statements)) ?? ownSuccessions(made, statements);
      return pin === null ? [] : [{ kind: "pin-kept", pin }];
    },
    told(who, statements, given) {
      const known = pins.get(who);
      const isOwn = own !== null && who === whoKey(own.identity);
      if (known === undefined) return [];
      const next = isOwn ? null : judgeTold(known, statements, given);
      const pin = next ?? judgeVouched(known, statements, given.shown);
      return pin === null ? [] : [{ kind: "pin-kept", pin }];
    },
    confirmed(device) {
      const pin = own === null ? undefined : pins.get(whoKey(own.identity));
      const next = pin === undefined ? undefined : withConfirmed(pin, device);
      return next === undefined || next === pin ? [] : [{ kind: "pin-kept", pin: next }];
    },
    pinOf: (who) => pins.get(who) ?? null,
    keyOf: (who) => pins.get(who)?.userKey ?? null,
    doubts(device) {
      const block = blocksKey(device);
      if (block !== "changed-key") return block === null ? null : { kind: block };
      return { kind: block, userKey: isFormer(device.identity, device.userKey) ? null : toText(device.userKey) };
    },
    isTheirs(who, userKey) {
      const pin = pins.get(who);
      return pin !== undefined && toText(pin.userKey) === userKey;
    },
    heard(who, userKey) {
      if (present.size < MOST_HEARD || present.has(who)) present.set(who, userKey);
    },
    firstUses(shown) {
      const fresh = Map.groupBy(shown, ({ who }) => whoKey(who));
      return [...fresh].flatMap(([key, theirs]) => {
        const first = pins.has(key) ? null : firstShown(theirs, present.get(key) ?? null);
        return first === null ? [] : [{ kind: "pin-kept", pin: pinOf(first.who, first.userKey, now()) }];
      });
    },
    seeName(name, who) {
      const verdict = judgeName(names.get(foldName(name)) ?? null, name, who);
      switch (verdict.kind) {
        case "first-use":
          return names.size < MOST_NAMES ? [{ kind: "name-pinned", pin: { name, who } }] : [];
        case "known":
          return [];
        case "remapped-name":
          // Who oneself is needs nobody's word.
          if (own === null || !isSameWho(own.identity, who)) remapped.set(whoKey(who), name);
          return [];
      }
    },
    acceptKey({ who, userKey }, known) {
      const pin = pins.get(whoKey(who));
      if (!isPinned(who, known) || isPinned(who, userKey)) return [];
      if (pin === undefined) return [{ kind: "pin-kept", pin: pinOf(who, userKey, now()) }];
      return isEarlier(pin, userKey) ? [] : [{ kind: "pin-kept", pin: inPlaceOf(pin, userKey, now()) }];
    },
    acceptName: (name, who) => [{ kind: "name-pinned", pin: { name, who } }],
    verify({ who, userKey }, level) {
      const pin = pins.get(whoKey(who));
      const raised = pin === undefined ? null : verified(pin, userKey, level);
      return raised === null || raised === pin ? [] : [{ kind: "pin-kept", pin: raised }];
    },
    compare({ who, userKey }, known) {
      if ((!isPinned(who, known) && !isPinned(who, userKey)) || isFormer(who, userKey)) return [];
      const pin = pins.get(whoKey(who));
      const theirs =
        pin === undefined
          ? pinOf(who, userKey, now())
          : (verified(pin, userKey, pin.level) ?? inPlaceOf(pin, userKey, now()));
      return theirs.level === "compared" ? [] : [{ kind: "pin-kept", pin: { ...theirs, level: "compared" } }];
    },
    level: (who) => pins.get(who)?.level ?? null,
    nameOf: (who) => nameByWho.get(who) ?? null,
    named: (name) => names.get(foldName(name))?.who ?? null,
    remappedName: (who) => remapped.get(who) ?? null,
  };

  /** A person's word about a key is of what they were shown: over another key, such as its successor, it says nothing. */
  function isPinned(who: Who, known: Uint8Array | null): boolean {
    const pinned = pins.get(whoKey(who))?.userKey ?? null;
    return pinned === null || known === null ? pinned === known : sameBytes(pinned, known);
  }

  /**
   * Its owner has signed another one in its place, so nobody's word makes it theirs again: a removed device has it, too. One that only this
   * person's own word has replaced is theirs again once it was compared: else a yes to a wrong key could never be taken back.
   */
  function isFormer(who: Who, userKey: Uint8Array): boolean {
    return includes(pins.get(whoKey(who))?.former?.keys ?? [], userKey);
  }

  /** They are on the disk. */
  function keep(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "pin-kept") pins.set(whoKey(change.pin.who), change.pin);
      if (change.kind === "name-pinned") keepName(change.pin);
    }
  }

  function blocksKey(device: ShownDevice): Exclude<Block, "remapped-name"> | null {
    const { kind } = judgeKey(pins.get(whoKey(device.identity)) ?? null, device);
    return kind === "changed-key" || kind === "removed-device" ? kind : null;
  }

  function keepName(pin: NamePin): void {
    const [folded, who] = [foldName(pin.name), whoKey(pin.who)];
    const before = names.get(folded);
    names.set(folded, pin);
    remapped.delete(who);
    if (!nameByWho.has(who)) nameByWho.set(who, pin.name);
    // Whoever had the name before goes by another one of theirs, if there is one.
    if (before === undefined || whoKey(before.who) === who) return;
    const loser = whoKey(before.who);
    if (foldName(nameByWho.get(loser) ?? "") !== folded) return;
    const other = [...names.values()].find((each) => whoKey(each.who) === loser);
    if (other === undefined) nameByWho.delete(loser);
    else nameByWho.set(loser, other.name);
  }
}
