/**
 * The person's user key on this device, over its changes (SEALED.md 7). Removing a device makes a new one: it is on the disk first, then the server
 * decides between two devices that do so at once, then each group hears of it in a commit, and last the groups have this device's record under
 * it. Another device's new key is taken when a commit in a shared group has announced it, or a device shows it that may (SR-69). Whoever is ended in
 * between goes on here.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { successionsTo } from "../../mls/identity/succession-chain.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Confirmation } from "../../wire/frames/devices.ts";
import { toText } from "../delivery/base64url.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { Person } from "../group-sessions/person.ts";
import type { GroupSession, SessionView } from "../group-sessions/session.ts";
import type { Change } from "../storage/changes.ts";
import type { GroupRow, KeptRotation } from "../storage/kept.ts";
import { deviceLabelIn } from "../device/make-device.ts";
import { bringSuccessions } from "./bring-successions.ts";
import type { Entrance } from "./entrance.ts";
import type { Groups } from "./groups.ts";
import type { Self } from "./introduce.ts";
import { isShownBy, openNext, successionOf, successionsSince } from "./next-key.ts";
import type { NextKey } from "./next-key.ts";
import { offerPackages } from "./offer-packages.ts";
import { failed } from "./rooms.ts";
import type { Failed } from "./rooms.ts";
import { makeRotation } from "./rotation.ts";
import { keyIn, ownWho } from "./introduce.ts";
import { keyAnnouncements } from "./key-announcements.ts";
import type { Beginning } from "./key-announcements.ts";
import { whyNot } from "./why-not.ts";
import { confirmationQuestion } from "./confirmation-question.ts";

/** `removed`: all devices that are out with it, in base64url. `waiting`: nobody answered; it is done as soon as the server is there. */
export interface Removed {
  readonly kind: "removed" | "waiting";
  readonly devices: readonly string[];
}

export interface OwnKeyOptions {
  /** Does something in a lane of its own, soon; not when this device has ended. */
  readonly later: (lane: string, task: (entrance: Entrance) => Promise<void>) => void;
  /** The server has another user key for this person, which no device of a shared group has announced or shows so that it may be followed. */
  readonly onUnannounced: () => void;
}

/** To see whether it is in, 100 ms each. */
const MOST_ATTEMPTS = 50;

/** A removal is made anew so often where others of the person's devices have come or gone since they were listed. */
const MOST_ROTATIONS = 4;
/** Somebody, with the user key that is shown as theirs. */
type ShownKey = Parameters<Self["people"]["acceptKey"]>[0];

const LANE = "own key";
/** How long the device that has made a new user key is left to announce it in the groups, in milliseconds. */
const PATIENCE = 60_000;
/** How soon the server is asked again for a key that only another's leaf shows, in milliseconds. */
const AGAIN = 5_000;
/**
 * Refusals that say that what was asked isn't done (groups/rotation.ts). Behind any other, also one that this version doesn't know, it may have
 * been done before, and then the new key is in no other place.
 */
const NOT_DONE: ReadonlySet<string> = new Set(["device-removed", "other-user-key", "unknown-device", "wrong-device"]);

export type OwnKey = ReturnType<typeof ownKey>;

export function ownKey({ later, onUnannounced }: OwnKeyOptions) {
  const announcements = keyAnnouncements(later);
  /** When the server was asked last for a key that only another's leaf shows. */
  let askedAt: number | null = null;
  /** What is done with the key: one after another, whoever asks. */
  let last: Promise<unknown> = Promise.resolve();

  return {
    /** A device has come alive. */
    begin(beginning: Beginning): void {
      askedAt = null;
      announcements.begin(beginning);
    },
    /** Who is in the groups before they are read on. */
    find: async (groups: Groups, known: readonly GroupRow[]): Promise<void> => await announcements.find(groups, known),
    /** A connection has come; `userKey`: what the server has as the person's, in base64url. */
    async welcomed(entrance: Entrance, userKey: string | null): Promise<void> {
      await inTurn(async () => {
        await proceed(entrance);
        await follow(entrance, null);
        await renewPackages(entrance);
        await bringSuccessions(entrance);
      });
      if (userKey === null || userKey === toText(keyIn(entrance.self))) return;
      void entrance.system.wait(PATIENCE).then(() => later(LANE, async (living) => await lookAgain(living, userKey)));
    },
    /** The server has a record under a new user key for this device. */
    async confirmed(entrance: Entrance, confirmation: Confirmation): Promise<void> {
      await inTurn(async () => {
        await follow(entrance, confirmation);
        await followShown(entrance, confirmation);
      });
    },
    /** After each time that a group did what could be done. */
    advanced(entrance: Entrance, session: GroupSession, view: SessionView): void {
      const { self, system } = entrance;
      const pinned = self.people.keyOf(whoKey(ownWho(self)));
      if (pinned !== null && !sameBytes(pinned, keyIn(self)))
        later(LANE, async (living) => await inTurn(async () => await follow(living, null)));
      const isOdd = view.members.some((each) => isOther(self, each) && self.people.blocksKey(each) === "changed-key");
      if (isOdd && mayAsk(system.now()))
        later(LANE, async (living) => await inTurn(async () => await followShown(living, null)));
      announcements.advanced(entrance, session, view);
    },
    /**
     * The person has said yes to a key that another of their devices shows, over the one that was pinned then (`known`). It is taken where that
     * device has given it to this one: their word alone would leave this one under a key that isn't its person's any more. False: it isn't.
     */
    async accept(entrance: Entrance, shown: ShownKey, known: Uint8Array | null): Promise<boolean> {
      return await inTurn(async () => await acceptShown(entrance, shown, known));
    },
    /** Ids in base64url. */
    async remove(entrance: Entrance, ids: readonly string[]): Promise<Removed | Failed> {
      await comeIn(entrance);
      return await inTurn(async () => await remove(entrance, ids));
    },
  };

  function mayAsk(now: number): boolean {
    if (askedAt !== null && now - askedAt < AGAIN && now >= askedAt) return false;
    askedAt = now;
    return true;
  }

  async function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = last.then(task);
    last = turn.catch(() => {});
    return await turn;
  }

  async function remove(entrance: Entrance, ids: readonly string[]): Promise<Removed | Failed> {
    const { store, self } = entrance;
    // What was begun and not ended comes first.
    await proceed(entrance);
    await follow(entrance, null);
    const { userSeed, rotation: begun } = await store.load();
    if (begun !== null) {
      const going = goingBy(self, begun.statement);
      return ids.every((id) => going.includes(id)) ? { kind: "waiting", devices: going } : failed("offline");
    }
    if (userSeed === null) return failed("device-not-confirmed");
    // Others would take a key that follows on this device's own for a changed one, and this device hold itself.
    const pinned = self.people.keyOf(whoKey(ownWho(self)));
    if (pinned !== null && !sameBytes(pinned, signingKeyOf(userSeed).publicKey)) return failed("former-user-key");
    return (await rotate(entrance, userSeed, ids)) ?? failed("busy");
  }

  /** Null: others of this person's devices came or went each time, in that very moment. */
  async function rotate(
    entrance: Entrance,
    userSeed: Uint8Array,
    ids: readonly string[],
  ): Promise<Removed | Failed | null> {
    const { client, store, groups, self } = entrance;
    for (let attempt = 0; attempt < MOST_ROTATIONS; attempt += 1) {
      // In this order: whoever is seen in a group has come before it is listed, and isn't taken for one that has not.
      const leaves = (await groups.members()).filter(({ who }) => who === whoKey(ownWho(self)));
      const answer = await client.request("own-devices", {});
      if (answer.kind !== "answered") return failed(whyNot(answer));
      const rotation = makeRotation({ self, userSeed, ids, listed: answer.value.devices, leaves });
      if (typeof rotation === "string") return failed(rotation);
      await store.commit([{ kind: "rotation-begun", rotation }]);
      const why = await proceed(entrance);
      // One that came, or went, since they were listed: it isn't done, and the next one names it.
      if (why === "unknown-device") continue;
      // Another device of ours was faster, with a user key that this one follows.
      if (why === "other-user-key") return failed("busy");
      if (why !== null && why !== "offline") return failed(why);
      return { kind: why === null ? "removed" : "waiting", devices: goingBy(self, rotation.statement) };
    }
    return null;
  }

  /** Asks the server for what was begun, if something was. A word for why it isn't done (`offline`: it is asked for again); null: it is. */
  async function proceed(entrance: Entrance): Promise<string | null> {
    const { client, store, self } = entrance;
    const { rotation } = await store.load();
    if (rotation === null) return null;
    const answer = await client.request("rotate-user-key", askedOf(rotation));
    const refusal = answer.kind === "refused" ? (answer.refusal?.reason ?? null) : null;
    if (refusal !== null && NOT_DONE.has(refusal)) {
      await store.commit([{ kind: "rotation-dropped" }]);
      await follow(entrance, null);
      return refusal;
    }
    if (answer.kind !== "answered") return "offline";
    const { seed, own: record, statement, former } = rotation;
    const { receipt } = answer.value;
    await succeed(entrance, { seed, record, statement }, () => [
      { kind: "receipt-kept", receipt: toText(receipt) },
      ...self.people.succeed(ownWho(self), former, [statement]),
    ]);
    return null;
  }

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
    const { self, store, client, groups } = entrance;
    const leavesNow = async () => (await groups.members()).filter((member) => isOther(self, member));
    if (!(await leavesNow()).some((leaf) => self.people.blocksKey(leaf) === "changed-key")) return;
    if ((await store.load()).rotation !== null) return;
    const confirmation = given ?? (await askFor(entrance));
    const next = confirmation === null ? null : openNext(self, confirmation);
    if (confirmation === null || next === null) return;
    const answer = await client.request("successions", { owner: self.owner });
    const statements = [next.statement, ...(answer.kind === "answered" ? answer.value.statements : [])];
    const former = keyIn(self);
    const since = successionsSince(self, former, successionsTo(ownWho(self), next.userKey, statements));
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
      return [...receiptOf(confirmation), ...self.people.succeed(ownWho(self), former, since)];
    });
  }

  async function acceptShown(entrance: Entrance, shown: ShownKey, known: Uint8Array | null): Promise<boolean> {
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
    await succeed(entrance, next, () => {
      const pins = self.people.acceptKey(shown, known);
      return pins.length === 0 ? null : [...receiptOf(confirmation), ...pins];
    });
    return sameBytes(keyIn(self), shown.userKey);
  }

  /** From here on this device is under the new key. `others`: what is kept with it; null: it isn't to be taken after all. */
  async function succeed(
    entrance: Entrance,
    { seed, record, statement }: Omit<NextKey, "userKey">,
    others: () => readonly Change[] | null,
  ): Promise<void> {
    const { store, self, groups } = entrance;
    const succeeded = { kind: "user-key-succeeded", seed, record, statement } as const;
    const changes = await self.people.change(store, () => {
      const beside = others();
      return beside === null ? [] : [succeeded, ...beside];
    });
    if (changes.length === 0) return;
    self.engine.renewRecord(record);
    self.device = { ...self.device, record };
    announcements.succeeded(self, statement);
    groups.wakeAll();
    await renewPackages(entrance);
  }

  /** Whether what the server says has been announced by now: all groups have been read since. */
  async function lookAgain(entrance: Entrance, userKey: string): Promise<void> {
    await inTurn(async () => {
      await follow(entrance, null);
      await followShown(entrance, null);
    });
    const { self, client } = entrance;
    if (client.state.kind !== "online") return;
    const pinned = self.people.keyOf(whoKey(ownWho(self)));
    if (userKey !== toText(keyIn(self)) && (pinned === null || toText(pinned) !== userKey)) onUnannounced();
  }
}

/** Only who is in a room when a device is put out of it is taken at its word there: a device that has just come waits for #everyone, for a moment. */
async function comeIn({ groups, self, system }: Entrance): Promise<void> {
  if (self.owner.kind === "machine") return;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    if ((await groups.of(EVERYONE)?.look())?.row.status === "active") return;
    await system.wait(100);
  }
}

/** Those that the server has are under a user key that others take for no device's of this person any more. */
async function renewPackages({ client, store, self, system }: Entrance): Promise<void> {
  if (!(await store.load()).arePackagesDue) return;
  const none = { packages: 0, lastResort: false };
  const isDone = await offerPackages({ client, store, engine: self.engine }, none, {
    now: system.now(),
    replace: true,
  });
  if (isDone) await store.commit([{ kind: "packages-renewed" }]);
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

function askedOf({ seed, former, statement, removed, own, staying }: KeptRotation) {
  return {
    former: toText(former),
    userKey: toText(signingKeyOf(seed).publicKey),
    removed: removed.map(toText),
    statement,
    own,
    staying: staying.map(({ device, record, sealed }) => ({ device: toText(device), record, sealed })),
  };
}

/** Whether it is this person's, and not this device. */
function isOther(self: Self, { who, deviceId }: Person): boolean {
  return who === whoKey(ownWho(self)) && !sameBytes(deviceId, self.device.id);
}

/** The ids, in base64url, of all devices that a statement puts out. */
function goingBy(self: Self, statement: Uint8Array): readonly string[] {
  return successionOf(self, statement)?.removed.map(toText) ?? [];
}
