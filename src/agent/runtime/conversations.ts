import { sameBytes } from "../../mls/identity/bytes.ts";
import { foldName } from "../../mls/identity/pins.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import type { Person } from "../../wire/frames/people.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { conversationOf } from "../delivery/places.ts";
import type { CommitOutcome } from "../group-sessions/commit.ts";
import type { Hold } from "../group-sessions/events.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import type { OutboxRow } from "../storage/kept.ts";
import { groupsThere } from "./group-views.ts";
import type { Entrance } from "./entering.ts";
import { ownWho } from "./introduce.ts";
import type { Self } from "./introduce.ts";
import type { OwnKey } from "./own-key.ts";
import { completeAccepted, openDirect } from "./pairs.ts";
import { lookUp, whoOf } from "./people.ts";
import { createRoom, failed, invite, joinRoom, leaveRoom, removePerson, setPolicy } from "./rooms.ts";
import type { Failed, Made } from "./rooms.ts";
import { knowPresentKey } from "./told-successions.ts";

export interface Conversations {
  /** Null until the first server's hello has come. */
  self(): Promise<Self | null>;
  /** A room, without its `#`. */
  createRoom(name: string, access: "open" | "invite"): Promise<Made | Failed>;
  join(name: string): Promise<Made | Failed>;
  leave(conversation: string): Promise<{ readonly kind: "left" } | Failed>;
  /** All devices of the person, at once. */
  invite(conversation: string, name: string): Promise<CommitOutcome | Failed>;
  remove(conversation: string, name: string): Promise<CommitOutcome | Failed>;
  setPolicy(conversation: string, change: (policy: RoomPolicy) => RoomPolicy): Promise<CommitOutcome | Failed>;
  /** This device's groups, and the open rooms. */
  rooms(): Promise<readonly GroupView[] | Failed>;
  /** The direct conversation with that person, made if there is none. */
  openDirect(name: string): Promise<Made | Failed>;
  /**
   * Keeps a message to be sent. `shown`: whom the writer saw as readers. Its id; null: no such conversation. Rejects with what the store
   * says, `conflict` where too many wait.
   */
  write(
    conversation: string,
    content: Uint8Array,
    shown: readonly string[],
    messageId?: Uint8Array,
  ): Promise<Uint8Array | null>;
  /** False: it is on its way already, or not there. */
  withdraw(conversation: string, messageId: Uint8Array): Promise<boolean>;
  /**
   * The person has seen these, and wants to go on: new readers are shown, changed keys and names are taken from now on. Whose keys weren't; null: no
   * such conversation.
   */
  accept(conversation: string, holds: readonly Hold[]): Promise<readonly NotTaken[] | null>;
  /** The own person's devices come into all groups that this one is in, as far as that can be had now; the rest by itself, later. */
  completeGroups(): Promise<void>;
  /**
   * The person has compared that key with its owner: it is theirs from now on, and what waited for that goes on. `known`: what was pinned when
   * they were shown it. False: another key is by now, and nothing is taken.
   */
  compared(shown: { readonly who: Who; readonly userKey: Uint8Array }, known: Uint8Array | null): Promise<boolean>;
  /** The user key that the server lists for whoever bears that name, where they are still `who`; null: none, or nobody can say now. */
  listedKey(who: Who, name: string): Promise<Uint8Array | null>;
  /** What the server calls people: each name is pinned at its first use. True: some name is new. */
  learn(people: readonly Person[]): Promise<boolean>;
  /** From now on, this name may be written to so that the server can read it. */
  allowPlain(name: string): Promise<void>;
  /** What waits there is tried again, after somebody has looked. */
  goOn(conversation: string): Promise<void>;
  /** Null for a conversation that isn't there. */
  session(conversation: string): Promise<GroupSession | null>;
}

/**
 * Somebody (`whoKey`) whose changed key a yes hasn't made theirs. `several`: two were shown at once. `moved`: another is known by now than when they
 * were shown it. `refused`: one that nobody's yes makes theirs again. `not-given`: one's own, which no other device has given to this one.
 */
export interface NotTaken {
  readonly who: string;
  readonly why: "several" | "moved" | "refused" | "not-given";
}

const OFFLINE = failed("offline");

export function conversations(
  entranceOf: () => Promise<Entrance | null>,
  ownKey: Pick<OwnKey, "accept">,
): Conversations {
  return {
    self: async () => (await entranceOf())?.self ?? null,
    createRoom: async (name, access) => await alive(async (entrance) => await createRoom(entrance, name, access)),
    join: async (name) => await alive(async (entrance) => await joinRoom(entrance, name)),
    leave: async (conversation) => await alive(async (entrance) => await leaveRoom(entrance, conversation)),
    invite: async (conversation, name) => await alive(async (entrance) => await invite(entrance, conversation, name)),
    remove: async (conversation, name) =>
      await alive(async (entrance) => await removePerson(entrance, conversation, name)),
    setPolicy: async (conversation, change) =>
      await alive(async (entrance) => await setPolicy(entrance, conversation, change)),
    rooms: async () => await alive(async (entrance) => (await groupsThere(entrance)) ?? OFFLINE),
    openDirect: async (name) => await alive(async (entrance) => await openDirect(entrance, name)),
    async write(conversation, content, shown, messageId) {
      const entrance = await entranceOf();
      if (entrance === null) return null;
      const { system, digest } = entrance;
      const { text } = digest(content);
      const message = { messageId: messageId ?? system.randomBytes(16), content, text, writtenAt: system.now() };
      return (await write(entrance, { conversation, message, shown })) ? message.messageId : null;
    },
    async withdraw(conversation, messageId) {
      const session = (await entranceOf())?.groups.of(conversation) ?? null;
      return session !== null && (await session.withdraw(messageId));
    },
    async accept(conversation, holds) {
      const entrance = await entranceOf();
      const session = entrance?.groups.of(conversation) ?? null;
      if (entrance === null || session === null) return null;
      const notTaken = await acceptHolds(entrance, { ownKey, session, holds });
      await completeAccepted(entrance, conversation);
      entrance.groups.wake(toText(session.id));
      return notTaken;
    },
    async completeGroups() {
      const entrance = await entranceOf();
      await entrance?.companions.completeGroups(entrance);
    },
    async compared(shown, known) {
      const entrance = await entranceOf();
      if (entrance === null) return false;
      const { store, self, groups } = entrance;
      await self.people.change(store, () => self.people.compare(shown, known));
      const { server: _, ...owner } = shown.who;
      await completeAccepted(entrance, conversationOf({ kind: "direct", between: [self.owner, owner] }, self.owner));
      groups.wakeAll();
      const pinned = self.people.keyOf(whoKey(shown.who));
      return pinned !== null && sameBytes(pinned, shown.userKey);
    },
    async listedKey(who, name) {
      const entrance = await entranceOf();
      const person = entrance === null ? "offline" : await lookUp(entrance, name);
      if (entrance === null || typeof person === "string" || person.userKey === null) return null;
      if (whoKey(whoOf(entrance.self, person)) !== whoKey(who)) return null;
      await knowPresentKey(entrance, person);
      return toBytes(person.userKey);
    },
    async learn(people) {
      const entrance = await entranceOf();
      if (entrance === null) return false;
      const isNew = await learn(entrance, people);
      entrance.companions.seen(entrance, people);
      return isNew;
    },
    async allowPlain(name) {
      await (await entranceOf())?.store.commit([{ kind: "plain-allowed", name: foldName(name) }]);
    },
    async goOn(conversation) {
      const groups = (await entranceOf())?.groups;
      const session = groups?.of(conversation) ?? null;
      if (session !== null) groups?.wake(toText(session.id));
    },
    session: async (conversation) => (await entranceOf())?.groups.of(conversation) ?? null,
  };

  async function alive<T>(task: (entrance: Entrance) => Promise<T>): Promise<T | Failed> {
    const entrance = await entranceOf();
    return entrance === null ? OFFLINE : await task(entrance);
  }
}

/** For a successor to be there whose predecessor takes nothing more; 20 ms each. */
const MOST_ATTEMPTS = 100;

/** False: no such conversation. Where it goes on in another group in this very moment, it is written there. */
async function write(
  { groups, system }: Entrance,
  {
    conversation,
    message,
    shown,
  }: { readonly conversation: string; readonly message: OutboxRow; readonly shown: readonly string[] },
): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    const session = groups.of(conversation);
    if (session === null) return false;
    try {
      await session.write(message, shown);
      groups.wake(toText(session.id));
      return true;
    } catch (error) {
      const isGoingOn = (await session.look()).row.successor !== null && attempt < MOST_ATTEMPTS;
      if (groups.of(conversation) === session && !isGoingOn) throw error;
      await system.wait(20);
    }
  }
}

interface Accepting {
  readonly ownKey: Pick<OwnKey, "accept">;
  readonly session: GroupSession;
  readonly holds: readonly Hold[];
}

async function acceptHolds(entrance: Entrance, { ownKey, session, holds }: Accepting): Promise<readonly NotTaken[]> {
  const { store, self } = entrance;
  const { people } = self;
  const notTaken: NotTaken[] = [];
  for (const hold of holds) {
    switch (hold.kind) {
      case "new-readers":
        await session.showReaders(hold.who);
        break;
      case "removed-device":
        // Nobody's yes brings it back: it goes, or its person says otherwise.
        break;
      case "removal-pending":
        session.acceptRemoved(hold.who);
        break;
      case "changed-key":
        notTaken.push(...(await acceptKeys(entrance, ownKey, hold.shown)));
        break;
      case "remapped-name":
        await people.change(store, () =>
          hold.shown.flatMap(({ who }) => {
            const name = people.remappedName(whoKey(who));
            return name === null ? [] : people.acceptName(name, who);
          }),
        );
        break;
    }
  }
  return notTaken;
}

/** Whether a key is taken shows in what is kept then. */
async function acceptKeys(
  entrance: Entrance,
  ownKey: Pick<OwnKey, "accept">,
  shown: readonly { readonly who: Who; readonly userKey: Uint8Array; readonly known: Uint8Array | null }[],
): Promise<readonly NotTaken[]> {
  const { store, self } = entrance;
  const { people } = self;
  const byWho = Map.groupBy(shown, ({ who }) => whoKey(who));
  const notTaken: NotTaken[] = [];
  for (const [who, keys] of byWho) {
    const [key, second] = keys;
    // Of two keys that are shown at once as somebody's, none is taken for theirs.
    if (key === undefined || second !== undefined) {
      notTaken.push({ who, why: "several" });
      continue;
    }
    if (who === whoKey(ownWho(self))) {
      if (!(await ownKey.accept(entrance, key, key.known))) notTaken.push({ who, why: "not-given" });
      continue;
    }
    await people.change(store, () => people.acceptKey(key, key.known));
    const pinned = people.keyOf(who);
    if (pinned !== null && sameBytes(pinned, key.userKey)) continue;
    const isAsShown = pinned !== null && key.known !== null && sameBytes(pinned, key.known);
    notTaken.push({ who, why: isAsShown ? "refused" : "moved" });
  }
  return notTaken;
}

async function learn({ store, self }: Entrance, people: readonly Person[]): Promise<boolean> {
  for (const person of people) {
    if (person.userKey !== null) self.people.heard(whoKey(whoOf(self, person)), person.userKey);
  }
  const pins = await self.people.change(store, () =>
    people.flatMap((person) => self.people.seeName(person.name, whoOf(self, person))),
  );
  return pins.length > 0;
}
