/**
 * A user key that another of the person's devices has made, taken by this one: after a commit has announced it (DI-9), where a device shows it that
 * may (SR-69), or by the person's own yes (SR-74). Each time the server must have it for this device, sealed, in a record that is under it.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import { successionsTo } from "../../mls/identity/succession-chain.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Confirmation } from "../../wire/frames/devices.ts";
import { toText } from "../delivery/base64url.ts";
import { deviceLabelIn } from "../device/make-device.ts";
import type { Person } from "../group-sessions/person.ts";
import type { Change } from "../storage/changes.ts";
import { confirmationQuestion } from "./confirmation-question.ts";
import type { Entrance } from "./entrance.ts";
import { keyIn, ownWho } from "./introduce.ts";
import type { Self } from "./introduce.ts";
import { isShownBy, openNext, successionsSince } from "./next-key.ts";
import type { NextKey } from "./next-key.ts";
import { askSuccessions } from "./own-successions.ts";

/** Somebody, with the user key that is shown as theirs. */
export type ShownKey = Parameters<Self["people"]["acceptKey"]>[0];

/** Puts this device under a new key. `others`: what is kept with it; null: it isn't to be taken after all. */
export type Succeed = (
  entrance: Entrance,
  next: Omit<NextKey, "userKey">,
  others: () => readonly Change[] | null,
) => Promise<void>;

export type KeyFollowing = ReturnType<typeof keyFollowing>;

/** `succeed`: puts this device under it. */
export function keyFollowing(succeed: Succeed) {
  return { follow, followShown, accept };

  /** What another device has made: taken where a commit has moved the own pin to that very key. */
  async function follow(entrance: Entrance, given: Confirmation | null): Promise<void> {
    const { self } = entrance;
    const pinned = self.people.keyOf(whoKey(ownWho(self)));
    if (pinned === null || sameBytes(pinned, keyIn(self))) return;
    const confirmation = given ?? (await askFor(entrance));
    if (confirmation === null) return;
    const next = openNext(self, confirmation);
    if (next === null || !sameBytes(next.userKey, pinned)) return;
    await succeed(entrance, next, () => receiptOf(confirmation));
  }

  /**
   * What another device has made, where this one saw no removal by which to judge the announcement (DI-9): the removed was in no group with it. It
   * is taken where a device that may announce it shows it in a group (`isShownBy`), all that leads to it from this device's own key names this
   * device as staying, and the server has it for this device, sealed by whoever has it. Else it stays a changed key.
   */
  async function followShown(entrance: Entrance, given: Confirmation | null): Promise<void> {
    const { self, store, groups } = entrance;
    const leavesNow = async () => (await groups.members()).filter((member) => isOther(self, member));
    if (!(await leavesNow()).some((leaf) => self.people.blocksKey(leaf) === "changed-key")) return;
    if ((await store.load()).rotation !== null) return;
    const confirmation = given ?? (await askFor(entrance));
    const next = confirmation === null ? null : openNext(self, confirmation);
    if (confirmation === null || next === null) return;
    const since = await sinceOwn(entrance, next);
    if (since === null) return;
    const leaves = await leavesNow();
    await succeed(entrance, next, () => {
      // Whatever was announced meanwhile comes first.
      const pin = self.people.pinOf(whoKey(ownWho(self)));
      if (
        pin === null ||
        !isShownBy({ pin, next, since, leaves, isKnown: (leaf) => self.people.blocksKey(leaf) === null })
      )
        return null;
      return [...receiptOf(confirmation), ...self.people.succeed(ownWho(self), keyIn(self), since)];
    });
  }

  /**
   * The person has said yes to a key that another of their devices shows, over the one that was pinned then (`known`). It is taken where that
   * device has given it to this one, and it leads on from the key that this one has: else a server could give it one of its own. False: it isn't.
   */
  async function accept(entrance: Entrance, shown: ShownKey, known: Uint8Array | null): Promise<boolean> {
    const { self, store } = entrance;
    // Nothing has to be given, and a yes puts no key in the place of what has come after it.
    if (sameBytes(keyIn(self), shown.userKey)) {
      await self.people.change(store, () => self.people.acceptKey(shown, known));
      return sameBytes(self.people.keyOf(whoKey(shown.who)) ?? new Uint8Array(), shown.userKey);
    }
    if ((await store.load()).rotation !== null) return false;
    const confirmation = await askFor(entrance);
    const next = confirmation === null ? null : openNext(self, confirmation);
    if (confirmation === null || next === null || !sameBytes(next.userKey, shown.userKey)) return false;
    const since = await sinceOwn(entrance, next);
    if (since === null) return false;
    await succeed(entrance, next, () => {
      if (self.people.acceptKey(shown, known).length === 0) return null;
      return [...receiptOf(confirmation), ...self.people.succeed(ownWho(self), keyIn(self), since)];
    });
    return sameBytes(keyIn(self), shown.userKey);
  }
}

/** All that leads from the key that this device has to that one, each naming it as staying, as far as it is told; null: nothing does. */
async function sinceOwn(entrance: Entrance, next: NextKey): Promise<readonly Uint8Array[] | null> {
  const { self } = entrance;
  const told = [next.statement, ...((await askSuccessions(entrance)) ?? [])];
  return successionsSince(self, keyIn(self), successionsTo(ownWho(self), next.userKey, told));
}

/** Whether it is this person's, and not this device. */
export function isOther(self: Self, { who, deviceId }: Person): boolean {
  return who === whoKey(ownWho(self)) && !sameBytes(deviceId, self.device.id);
}

async function askFor({ client, self }: Entrance): Promise<Confirmation | null> {
  const { device, sealKey } = self;
  const asked = { who: ownWho(self), device, sealKey, token: null };
  const how = { name: null, label: deviceLabelIn(device.record), fresh: false };
  const answer = await client.request("ask-confirmation", confirmationQuestion(asked, how));
  return answer.kind === "answered" ? answer.value.confirmation : null;
}

/** What shows a server that is restored later that it had this key. */
function receiptOf({ receipt }: Confirmation): readonly Change[] {
  return receipt === null ? [] : [{ kind: "receipt-kept", receipt: toText(receipt) }];
}
