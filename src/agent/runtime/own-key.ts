/**
 * The person's user key on this device, over its changes (SEALED.md 7), one after another: a new one that another device has made is taken
 * (follow-key.ts), or this one makes one itself (rotate-key.ts); then each group hears of it in a commit, and last the groups have this device's
 * record under it (key-announcements.ts). Whoever is ended in between goes on here.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Confirmation } from "../../wire/frames/devices.ts";
import { toText } from "../delivery/base64url.ts";
import type { GroupSession, SessionView } from "../group-sessions/session.ts";
import type { GroupRow, Saved } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { isOther, keyFollowing } from "./follow-key.ts";
import type { ShownKey, Succeed } from "./follow-key.ts";
import type { Groups } from "./groups.ts";
import { keyIn, ownWho } from "./introduce.ts";
import { keyAnnouncements } from "./key-announcements.ts";
import type { Beginning } from "./key-announcements.ts";
import { offerPackages } from "./offer-packages.ts";
import { bringSuccessions } from "./own-successions.ts";
import type { Failed } from "./rooms.ts";
import { comeIn, keyRotating } from "./rotate-key.ts";
import type { Removed } from "./rotate-key.ts";

export interface OwnKeyOptions {
  /** Does something in a lane of its own, soon; not when this device has ended. */
  readonly later: (lane: string, task: (entrance: Entrance) => Promise<void>) => void;
  /** The server has another user key for this person, which no device of a shared group has announced or shows so that it may be followed. */
  readonly onUnannounced: () => void;
}

const LANE = "own key";
/** How long the device that has made a new user key is left to announce it in the groups, in milliseconds. */
const PATIENCE = 60_000;
/** How soon the server is asked again for a key that only another's leaf shows, in milliseconds. */
const AGAIN = 5_000;

export type OwnKey = ReturnType<typeof ownKey>;

export function ownKey({ later, onUnannounced }: OwnKeyOptions) {
  const announcements = keyAnnouncements(later);
  const following = keyFollowing(succeed);
  const rotating = keyRotating({ succeed, follow: following.follow });
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
        await rotating.proceed(entrance);
        await following.follow(entrance, null);
        const saved = await entrance.store.load();
        await renewPackages(entrance, saved);
        await bringSuccessions(entrance, saved);
      });
      if (userKey === null || userKey === toText(keyIn(entrance.self))) return;
      void entrance.system.wait(PATIENCE).then(() => later(LANE, async (living) => await lookAgain(living, userKey)));
    },
    /** The server has a record under a new user key for this device. */
    async confirmed(entrance: Entrance, confirmation: Confirmation): Promise<void> {
      await inTurn(async () => {
        await following.follow(entrance, confirmation);
        await following.followShown(entrance, confirmation);
      });
    },
    /** After each time that a group did what could be done. */
    advanced(entrance: Entrance, session: GroupSession, view: SessionView): void {
      const { self, system } = entrance;
      const pinned = self.people.keyOf(whoKey(ownWho(self)));
      if (pinned !== null && !sameBytes(pinned, keyIn(self)))
        later(LANE, async (living) => await inTurn(async () => await following.follow(living, null)));
      const isOdd = view.members.some((each) => isOther(self, each) && self.people.blocksKey(each) === "changed-key");
      if (isOdd && mayAsk(system.now()))
        later(LANE, async (living) => await inTurn(async () => await following.followShown(living, null)));
      announcements.advanced(entrance, session, view);
    },
    /** The person has said yes to a key that another of their devices shows, over the one that was pinned then (`known`). False: it isn't taken. */
    async accept(entrance: Entrance, shown: ShownKey, known: Uint8Array | null): Promise<boolean> {
      return await inTurn(async () => await following.accept(entrance, shown, known));
    },
    /** Ids in base64url. */
    async remove(entrance: Entrance, ids: readonly string[]): Promise<Removed | Failed> {
      await comeIn(entrance);
      return await inTurn(async () => await rotating.remove(entrance, ids));
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

  async function succeed(...[entrance, { seed, record, statement }, others]: Parameters<Succeed>): Promise<void> {
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
    await renewPackages(entrance, await store.load());
  }

  /** Whether what the server says has been announced by now: all groups have been read since. */
  async function lookAgain(entrance: Entrance, userKey: string): Promise<void> {
    await inTurn(async () => {
      await following.follow(entrance, null);
      await following.followShown(entrance, null);
    });
    const { self, client } = entrance;
    if (client.state.kind !== "online") return;
    const pinned = self.people.keyOf(whoKey(ownWho(self)));
    if (userKey !== toText(keyIn(self)) && (pinned === null || toText(pinned) !== userKey)) onUnannounced();
  }
}

/** Those that the server has are under a user key that others take for no device's of this person any more. */
async function renewPackages(
  { client, store, self, system }: Entrance,
  { arePackagesDue }: Pick<Saved, "arePackagesDue">,
): Promise<void> {
  if (!arePackagesDue) return;
  const none = { packages: 0, lastResort: false };
  const isDone = await offerPackages({ client, store, engine: self.engine }, none, {
    now: system.now(),
    replace: true,
  });
  if (isDone) await store.commit([{ kind: "packages-renewed" }]);
}
