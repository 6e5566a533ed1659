/**
 * What a device is made of once a server's hello has come: its engine and keys, its groups' sessions, and what its parts share. It is
 * opened with the first hello, lasts over connections, and is closed where another device takes its place.
 */
import type { FramesClient } from "../../client/frames/index.ts";
import { toText } from "../delivery/base64url.ts";
import { framesDelivery } from "../delivery/frames-delivery.ts";
import { placeOf } from "../delivery/places.ts";
import type { Turns } from "../delivery/turns.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { DeliveryService } from "../group-sessions/ports.ts";
import { groupSession } from "../group-sessions/session.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import type { Digest, HistoryEntry } from "../storage/kept.ts";
import { removerOfOwn } from "./companions.ts";
import type { Companions, Entrance } from "./entrance.ts";
import { everyoneOf } from "./everyone.ts";
import { groupsOf } from "./groups.ts";
import { becomeSelf } from "./introduce.ts";
import type { Introducing, KnownServer, Self } from "./introduce.ts";
import type { OwedPlaces } from "./owed-places.ts";
import type { OwnKey } from "./own-key.ts";
import type { Replacing } from "./replacing.ts";
import type { RuntimeEvent } from "./runtime.ts";
import { successions } from "./successions.ts";

export interface Opened {
  readonly self: Self;
  readonly entrance: Entrance;
}

export interface OpenedOptions {
  readonly introducing: Introducing;
  readonly client: FramesClient;
  readonly turns: Turns;
  readonly digest: (content: Uint8Array) => Digest;
  readonly companions: Companions;
  readonly replacement: Replacing;
  readonly key: OwnKey;
  readonly owed: OwedPlaces;
  /** Whether it comes into `#everyone` where nobody has asked for that yet. */
  readonly comesIn: () => boolean;
  /** After each time that a group did what could be done. */
  readonly onAdvanced: (session: GroupSession, conversation: string, standing: Standing) => Promise<void>;
  /** Leaves of these people (`whoKey`) have changed in a group. */
  readonly onLeaves: (people: readonly string[]) => void;
  readonly onEvent: (event: RuntimeEvent) => void;
  /** A group's session has failed: what it was to do is worked out anew. */
  readonly onTrouble: (error: unknown, group: string) => void;
}

export interface OpenedDevice {
  /** Null: nothing confirms it as its person's yet. What failed once (a full disk) is tried afresh with the next call. */
  open(hello: KnownServer): Promise<Opened | null>;
  /** Null: it isn't open. Rejects where opening fails just now. */
  present(): Promise<Opened | null>;
  /** The next `open` reads the store anew. */
  close(): Promise<void>;
  /** The same, by whoever has closed its groups. */
  forget(opened: Opened): void;
}

export function openedDevice(options: OpenedOptions): OpenedDevice {
  const { introducing, client, turns, digest, companions, replacement, key, owed } = options;
  const { onAdvanced, onLeaves, onEvent, onTrouble } = options;
  const { store, system } = introducing;
  const onMisplaced = (conversation: string, why: string) => onEvent({ kind: "misplaced", conversation, why });
  let opening: Promise<Opened | null> | null = null;

  return {
    async open(hello) {
      opening ??= openWith(hello).then(
        (opened) => {
          if (opened === null) opening = null;
          return opened;
        },
        (error: unknown) => {
          opening = null;
          throw error;
        },
      );
      return await opening;
    },
    present: async () => await opening,
    async close() {
      const opened = await opening;
      opening = null;
      await opened?.entrance.groups.close();
      opened?.self.engine.close();
    },
    forget({ self }) {
      opening = null;
      self.engine.close();
    },
  };

  async function openWith(hello: KnownServer): Promise<Opened | null> {
    const saved = await store.load();
    const { groups: rows, owing } = saved;
    const self = await becomeSelf(introducing, saved, hello);
    if (self === null) return null;
    replacement.begin(self);
    key.begin({ self, statement: saved.statement, groups: rows.map(({ id }) => id) });
    const service = serviceOf(self);
    const groups = groupsOf({
      rows,
      open: (id, conversation) => sessionOf(self, service, id, conversation),
      advanced: onAdvanced,
      failed: onTrouble,
    });
    await owed.begin(groups, owing);
    await key.find(groups, rows);
    const continued = successions({
      rows,
      onContinued: (conversation, why) => onEvent({ kind: "continued", conversation, why }),
      onStuck: (conversation) => onEvent({ kind: "stuck", conversation }),
      onOwing: (group) => owed.note(group),
    });
    const everyone = everyoneOf(store, saved, options.comesIn());
    const shared = { client, store, service, system, self, groups, digest, onMisplaced };
    return { self, entrance: { ...shared, successions: continued, companions, everyone } };
  }

  function serviceOf(self: Self): DeliveryService {
    return framesDelivery({
      client,
      turns,
      placeOf: async (group) => {
        const kept = await store.group(group);
        return kept === null ? null : placeOf(kept.row.conversation, self.owner);
      },
      onStoring: (stores) => onEvent({ kind: "server-storing", stores }),
    });
  }

  function sessionOf(self: Self, service: DeliveryService, id: Uint8Array, conversation: string): GroupSession {
    return groupSession(id, {
      store,
      engine: self.engine,
      service,
      trust: self.people,
      system,
      ownDevice: self.device.id,
      digest,
      onEvent: (event) => {
        if (event.kind === "stopped" && event.cause === "rolled-back") {
          replacement.foundRolledBack();
          // The device in its place comes with another connection.
          if (replacement.isDue()) client.renew();
        }
        const by = event.kind === "entry" ? removerOfOwn(event.entry) : null;
        if (by !== null) companions.removedOwn(toText(id), by);
        if (event.kind === "entry") onLeaves(leavesIn(event.entry));
        onEvent({ kind: "group", conversation, group: id, event });
      },
    });
  }
}

/** Whose leaves an entry tells of. */
function leavesIn(entry: HistoryEntry): readonly string[] {
  switch (entry.kind) {
    case "members":
      return [...entry.came, ...entry.went, ...entry.devices.map(({ who }) => who)];
    case "device-removed":
      return [entry.who];
    case "message":
    case "gap":
    case "unreadable":
    case "continued":
    case "withheld":
    case "imported":
      return [];
  }
}
