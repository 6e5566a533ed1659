import type { FramesClient } from "../../client/frames/index.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import type { DeliveryService, System } from "../group-sessions/ports.ts";
import type { Digest, GroupRow } from "../storage/kept.ts";
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
  readonly digest: (content: Uint8Array) => Digest;
  /** A group was refused, for not being what the server says that it is. */
  readonly onMisplaced: (conversation: string, why: string) => void;
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
