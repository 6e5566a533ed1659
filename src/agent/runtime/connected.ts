import type { GroupView } from "../../wire/frames/groups.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { conversationOf } from "../delivery/places.ts";
import { endForgotten, endUnknown, groupsHeld } from "./arriving.ts";
import type { Entrance } from "./entrance.ts";
import { comeIntoEveryone } from "./everyone.ts";
import { groupsThere } from "./group-views.ts";
import { keepReceipt } from "./keep-receipt.ts";
import { offerPackages } from "./offer-packages.ts";
import type { OwedPlaces } from "./owed-places.ts";
import type { OwnDeviceLife } from "./own-devices.ts";
import type { OwnKey } from "./own-key.ts";
import { completePairs } from "./pairs.ts";
import type { Renewing } from "./renewing.ts";
import type { Replacing } from "./replacing.ts";
import type { RuntimeEvent } from "./runtime.ts";

export interface ConnectedOptions {
  /** Conversations that somebody waits for. */
  readonly awaited: () => ReadonlySet<string>;
  /** Work of a device that is alive; nothing where it isn't. */
  readonly later: (lane: string, task: (entrance: Entrance) => Promise<void> | void) => void;
  /** What couldn't be done now is done again. */
  readonly again: () => void;
  readonly own: OwnDeviceLife;
  readonly key: OwnKey;
  readonly replacement: Replacing;
  readonly renewal: Renewing;
  readonly owed: OwedPlaces;
  readonly seen: (view: GroupView) => void;
  readonly succeedLater: (views: readonly GroupView[]) => void;
  readonly onEvent: (event: RuntimeEvent) => void;
}

/** Which connection it is: `number` counts them, those that are over too. */
export interface Connection {
  readonly number: number;
  readonly incarnation: string | null;
}

export interface Connected {
  /**
   * All that there is to do when a connection has come: Welcomes, the server's word on each log's end, `#everyone`, then each group. False: not
   * all of it could be done.
   */
  settle(entrance: Entrance, device: ReplyBody<"hello">["device"], connection: Connection): Promise<boolean>;
}

/** Milliseconds. */
const HEAD_START = 500;

export function connected(options: ConnectedOptions): Connected {
  const { awaited, later, again, own, key, replacement, renewal, owed, seen, succeedLater, onEvent } = options;
  /** On which connection key packages were offered last. */
  let offeredOn = 0;

  return {
    async settle(entrance, device, { number, incarnation }) {
      const { client, store, self, system, groups } = entrance;
      const saved = await store.load();
      const { incarnation: seenBefore, isRemoved, receipt } = saved;
      if (device !== null) await keepReceipt(entrance, device, receipt);
      // Not where it was removed since: that ends the connection before it is kept.
      if (device !== null && isRemoved && client.state.kind === "online")
        await store.commit([{ kind: "device-let-in" }]);
      const isRestored = seenBefore !== null && seenBefore !== incarnation;
      // Where the server was restored, what it has of this device's key packages may have been used.
      const isAnew = device !== null && (renewal.isDueAtOnce(saved, device, system) || isRestored);
      const isOffered = device !== null && (offeredOn === number || (await offer(entrance, device, isAnew)));
      if (isOffered) offeredOn = number;
      // What it comes into from here on the server may not have known when it was asked.
      const held = await groupsHeld(entrance);
      const views = await groupsThere(entrance);
      if (views === null) return false;
      endUnknown(entrance, held, views);
      // Only what is done needn't be done again by whoever is ended here.
      const isDone = isOffered && (!isRestored || (await endForgotten(entrance, held, views)));
      if (isDone && incarnation !== null && seenBefore !== incarnation) {
        await store.commit([{ kind: "server-seen", incarnation }]);
        if (isRestored) onEvent({ kind: "server-restored" });
      }
      for (const view of views) {
        if (view.hash !== null && !view.ended) {
          groups.session(view.group)?.expectHead({ number: view.head, hash: toBytes(view.hash) });
        }
        seen(view);
      }
      await wakeFirst(entrance, awaited());
      entrance.companions.begin();
      groups.wakeAll();
      later("companions", async () => await entrance.companions.completeGroups(entrance));
      later("everyone", async () => {
        if (!(await comeIntoEveryone(entrance, views))) again();
      });
      later("own devices", async () => await own.look(entrance));
      if (device !== null) later("own key", async () => await key.welcomed(entrance, device.userKey));
      later("rooms", async () => {
        await replacement.rejoin(entrance, views);
        await replacement.retireFormer(entrance);
      });
      const conversations = views.map(({ place }) => conversationOf(place, self.owner));
      later("pairs", async () => await completePairs(entrance, conversations));
      entrance.successions.begin();
      succeedLater(views);
      owed.settle();
      return isOffered || device === null;
    },
  };
}

/** The others begin behind it, so that it needn't share this device's time with each of them; but they don't wait for it for long. */
async function wakeFirst({ groups, system }: Entrance, conversations: ReadonlySet<string>): Promise<void> {
  const asked = [...conversations].flatMap((conversation) => groups.of(conversation) ?? []);
  for (const { id } of asked) groups.wake(toText(id));
  const settled = Promise.all([...conversations].map(async (conversation) => await groups.settled(conversation)));
  if (asked.length > 0) await Promise.race([settled, system.wait(HEAD_START)]);
}

/** `isAnew`: in place of all that the server has. */
async function offer(
  { client, store, self, system }: Entrance,
  device: { readonly packages: number; readonly lastResort: boolean },
  isAnew: boolean,
): Promise<boolean> {
  const there = isAnew ? { packages: 0, lastResort: false } : device;
  const offered = { now: system.now(), replace: isAnew };
  return await offerPackages({ client, store, engine: self.engine }, there, offered);
}
