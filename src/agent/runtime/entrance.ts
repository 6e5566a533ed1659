import type { FramesClient } from "../../client/frames/index.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import type { DeliveryService, System } from "../group-sessions/ports.ts";
import type { Person as Bearer } from "../../wire/frames/people.ts";
import type { Person } from "../group-sessions/person.ts";
import type { Digest, EveryoneWish, GroupRow } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import type { Groups } from "./groups.ts";
import type { Self } from "./introduce.ts";

/** What the parts of a living device share. */
export interface Entrance {
  readonly client: FramesClient;
  readonly store: AgentStore;
  readonly service: DeliveryService;
  readonly system: System;
  readonly self: Self;
  readonly groups: Groups;
  readonly successions: Successions;
  readonly companions: Companions;
  readonly everyone: Everyone;
  readonly digest: (content: Uint8Array) => Digest;
  /** A group was refused, for not being what the server says that it is. */
  readonly onMisplaced: (conversation: string, why: string) => void;
}

/** Whether this device comes into `#everyone`, see everyone.ts. */
export interface Everyone {
  /** Null: nobody has asked for it yet. */
  wish(): EveryoneWish | null;
  /** On the disk first. */
  keep(wish: EveryoneWish): Promise<void>;
}

/** Devices of people who are in a group and that aren't in it themselves, see companions.ts. Groups by their id in base64url. */
export interface Companions {
  /** A connection has come: what was tried on another may be tried again. */
  begin(): void;
  /** Who is in a group, after each time that its session did something. */
  note(group: string, members: readonly Person[]): void;
  /** Somebody (`whoKey`) has removed a device of their own from it. */
  removedOwn(group: string, who: string): void;
  /** This device isn't in it any more. */
  forget(group: string): void;
  /** The server lists these people so: their devices are added to the groups that they lack, soon. */
  seen(entrance: Entrance, people: readonly Bearer[]): void;
  /** The own person's devices come into all groups that this one is in, as far as that can be had now; the rest by itself, later. */
  completeGroups(entrance: Entrance): Promise<void>;
  /** The devices of these people come into one group, now. */
  complete(entrance: Entrance, group: string, people: readonly Bearer[]): Promise<void>;
}

/** What becomes of conversations whose group can't go on, see successions.ts. */
export interface Successions {
  /** Where a group stands after it did what could be done. True: it waits for a successor. */
  note(row: GroupRow): boolean;
  /** A connection has come: what was tried on another may be tried again. */
  begin(): void;
  /** Whether a group of this conversation is left that nothing has taken the place of. */
  hasOrphans(conversation: string): boolean;
  /** Whether this conversation, which this device was in, waits for a successor. */
  isWaiting(conversation: string): boolean;
  /** The conversation goes on: keys of the groups before aren't needed any more. */
  retire(entrance: Entrance, conversation: string): Promise<void>;
  /** All that can be done now. `views`: what the server has just said of all groups. */
  run(entrance: Entrance, views: readonly GroupView[] | null): Promise<void>;
  /**
   * A group that was come into takes the place of those that wait in its conversation; before its session is opened. The devices that
   * were in the last of them: those who come in later miss what is said before.
   */
  inherit(entrance: Entrance, successor: Uint8Array, conversation: string): Promise<readonly Uint8Array[]>;
}
