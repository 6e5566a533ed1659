/**
 * A device whose state is an older one (SEALED.md 9): the server knows a newer. It stops, another device of the same person takes its
 * place on the next connection, comes back into open rooms by itself, and has the leaf of the one before removed.
 */
import type { GroupView } from "../../wire/frames/groups.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import { toText } from "../delivery/base64url.ts";
import type { Person } from "../group-sessions/person.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import type { GroupRow } from "../storage/kept.ts";
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
  /** Back into the open rooms that the device before this one was in; into others a member brings it (companions.ts). */
  rejoin(entrance: Entrance, views: readonly GroupView[]): Promise<void>;
  /** The server lists the devices before this one no more, so that nobody adds it again: when this one is wherever that was. */
  retireFormer(entrance: Entrance): Promise<void>;
  /** The leaf of a device before this one is of no use to anybody but who has its keys. `later` does it in its lane. */
  removeFormer(
    session: GroupSession,
    members: readonly Person[],
    later: (lane: string, task: () => Promise<void>) => void,
  ): void;
}

export function replacing(introducing: Introducing): Replacing {
  const { store } = introducing;
  let state: "sound" | "rolled-back" | "replaced" = "sound";
  let isRetired = false;
  let former: readonly Uint8Array[] = [];

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
      const waiting = await replaceSelf(introducing, hello);
      state = "replaced";
      return waiting.map(({ group, message: { messageId } }) => {
        return { conversation: groups.conversationOf(toText(group)) ?? "", group, messageId };
      });
    },
    async rejoin(entrance, views) {
      if (former.length === 0) return;
      const returning = new Set((await store.load()).groups.filter(isReturning).map(({ id }) => toText(id)));
      for (const view of views) {
        const isOpen = view.place.kind === "room" && view.access === "open" && !view.ended;
        if (isOpen && returning.has(view.group)) await enter(entrance, view);
      }
    },
    async retireFormer({ client }) {
      if (former.length === 0 || isRetired || (await store.load()).groups.some(isReturning)) return;
      isRetired = true;
      for (const device of former) {
        const { kind } = await client.request("retire-device", { device: toText(device) });
        // One that the server has never let in is unknown to it.
        if (kind !== "answered" && kind !== "refused") isRetired = false;
      }
    },
    removeFormer(session, members, later) {
      const devices = former.filter((device) => members.some(({ deviceId }) => sameBytes(deviceId, device)));
      if (devices.length === 0) return;
      later(`removals ${toText(session.id)}`, async () => {
        await session.commit({ kind: "remove", devices });
      });
    },
  };
}

/** The device before was in it, and this one isn't back. */
function isReturning({ stopped }: GroupRow): boolean {
  return stopped === "rolled-back";
}
