/**
 * A device whose state is an older one (SEALED.md 9): the server knows a newer. It stops, another device of the same person takes its
 * place on the next connection, comes back into open rooms by itself, and has the leaf of the one before removed.
 */
import type { GroupView } from "../../wire/frames/groups.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import { toText } from "../delivery/base64url.ts";
import { conversationOf } from "../delivery/places.ts";
import type { Person } from "../group-sessions/person.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import { enter } from "./entering.ts";
import type { Entrance } from "./entrance.ts";
import type { Groups } from "./groups.ts";
import { replaceSelf } from "./introduce.ts";
import type { Introducing, KnownServer, Self } from "./introduce.ts";

/** A message that waited, of a conversation: it may have been sent by the newer state. */
export interface Dropped {
  readonly conversation: string;
  readonly group: Uint8Array;
  readonly messageId: Uint8Array;
}

export interface Replacing {
  /** A device has come alive, perhaps in the place of a former one. */
  begin(self: Self): void;
  /** The server has said so, of a number or of a hello. */
  foundRolledBack(): void;
  /** Whether a new device is due: once in a life, a server that says so of each new device isn't followed. */
  isDue(): boolean;
  /** Puts the new device in its place, on the disk. Between two connections; the engine of the one before stays its owner's to close. */
  replace(hello: KnownServer, groups: Groups): Promise<readonly Dropped[]>;
  /** Whether rooms are left to come back into. */
  isToRejoin(): boolean;
  /** Back into the open rooms that the device before this one was in. */
  rejoin(entrance: Entrance, views: readonly GroupView[]): Promise<void>;
  /** The leaf of the device before this one is of no use to anybody but who has its keys. `later` does it in its lane. */
  removeFormer(
    session: GroupSession,
    members: readonly Person[],
    later: (lane: string, task: () => Promise<void>) => void,
  ): void;
}

export function replacing(introducing: Introducing): Replacing {
  const { store } = introducing;
  let state: "sound" | "rolled-back" | "replaced" = "sound";
  let former: Uint8Array | null = null;
  /** Conversations that the device before this one was in. */
  const toRejoin = new Set<string>();

  return {
    foundRolledBack() {
      if (state === "sound") state = "rolled-back";
    },
    begin(self) {
      ({ former } = self);
    },
    isDue: () => state === "rolled-back",
    async replace(hello, groups) {
      await groups.close();
      for (const { conversation, status, stopped } of (await store.load()).groups) {
        if (status === "active" || status === "joining" || stopped === "rolled-back") toRejoin.add(conversation);
      }
      const waiting = await replaceSelf(introducing, hello);
      state = "replaced";
      return waiting.map(({ group, message: { messageId } }) => {
        return { conversation: groups.conversationOf(toText(group)) ?? "", group, messageId };
      });
    },
    isToRejoin: () => toRejoin.size > 0,
    async rejoin(entrance, views) {
      for (const view of views) {
        const conversation = conversationOf(view.place, entrance.self.owner);
        if (view.place.kind !== "room" || view.access !== "open" || view.ended || !toRejoin.delete(conversation))
          continue;
        await enter(entrance, view);
      }
    },
    removeFormer(session, members, later) {
      const device = former;
      if (device === null || !members.some(({ deviceId }) => sameBytes(deviceId, device))) return;
      later(`removals ${toText(session.id)}`, async () => {
        await session.commit({ kind: "remove", devices: [device] });
      });
    },
  };
}
