/** What the server says unasked of a device's groups and people, and what is done about it: each in a lane of its own, one after another. */
import type { FramesEvent } from "../../client/frames/index.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import type { Person as Bearer } from "../../wire/frames/people.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { logEntryOf } from "../delivery/entries.ts";
import { conversationOf } from "../delivery/places.ts";
import type { Entrance } from "./entrance.ts";
import { takeWelcome } from "./entering.ts";
import { comeIntoEveryone } from "./everyone.ts";
import { addJoiners } from "./joiners.ts";
import { offerPackages } from "./offer-packages.ts";
import type { OwnKey } from "./own-key.ts";
import { completePairs } from "./pairs.ts";
import type { Pending } from "./pending.ts";
import { removeOrdered } from "./removals.ts";
import type { Ordered } from "./removals.ts";
import type { OwnDeviceLife } from "./own-devices.ts";
import type { RuntimeEvent } from "./runtime.ts";

type Push = Extract<FramesEvent, { kind: "push" }>["push"];

export interface PushHandlerOptions {
  /** Work of a device that is alive; nothing where it isn't. */
  readonly later: (lane: string, task: (entrance: Entrance) => Promise<void> | void) => void;
  /** Work that a device that waits to be confirmed has, too. */
  readonly beforeAlive: (lane: string, task: () => Promise<void>) => void;
  /** What couldn't be done now is done again. */
  readonly again: () => void;
  readonly asking: Pending;
  readonly own: OwnDeviceLife;
  readonly key: OwnKey;
  readonly onEvent: (event: RuntimeEvent) => void;
}

export interface PushHandler {
  heard(push: Push): void;
  /** A group as the server has just told it. */
  seen(view: GroupView): void;
}

/** To take a new device into a pair. */
const MOST_ATTEMPTS = 2;
/** Milliseconds to the second attempt. */
const AGAIN = 1_000;
/** So often, twice as long each time, for a device's own coming into a group in which removals are ordered: half a minute. */
const MOST_WAITS = 5;

export function pushHandler({ later, beforeAlive, again, asking, own, key, onEvent }: PushHandlerOptions): PushHandler {
  return { heard, seen };

  function heard(push: Push): void {
    switch (push.type) {
      case "entry":
        later(laneOf(push.group), (entrance) => {
          entrance.groups.session(push.group)?.offer(logEntryOf(push.entry));
          entrance.groups.wake(push.group);
        });
        return;
      case "group":
        seen(push.group);
        later(laneOf(push.group.group), (entrance) => entrance.groups.wake(push.group.group));
        later("everyone", async (entrance) => {
          if (!(await comeIntoEveryone(entrance, [push.group], { mayCreate: false }))) again();
        });
        return;
      case "removal-due":
        // A commit may wait for its turn; what comes in the same group doesn't wait for that.
        removeSoon(push, { isPatient: true });
        return;
      case "packages-low":
        later("packages", async ({ client, store, system, self }) => {
          const there = { packages: push.left, lastResort: true };
          await offerPackages({ client, store, engine: self.engine }, there, { now: system.now(), replace: false });
        });
        return;
      case "reached":
        onEvent({ kind: "reached", group: toBytes(push.group), number: push.number });
        return;
      case "presence":
        for (const person of push.people) later("pairs", async (entrance) => await completePairWith(entrance, person));
        later("companions", (entrance) => entrance.companions.seen(entrance, push.people));
        return;
      case "joiners":
        // Beside what comes in the same group, as removals are.
        later(`joiners ${push.group}`, async (entrance) => await addJoiners(entrance, push.group, push.devices));
        return;
      // Turns are waited for in turns.ts; the rest is for faces.
      case "turn":
      case "said":
      case "told":
      case "moderated":
        return;
      case "devices":
        later("own devices", async (entrance) => await own.look(entrance));
        return;
      case "device-waits":
        later("own devices", async (entrance) => await own.waits(entrance, push.waiting));
        return;
      case "confirmed":
        beforeAlive("confirmation", async () => await asking.confirmed(push.device, push.confirmation));
        later("own key", async (entrance) => {
          if (push.device === toText(entrance.self.device.id)) await key.confirmed(entrance, push.confirmation);
        });
        return;
    }
  }

  function seen(view: GroupView): void {
    if (view.ended) {
      later(laneOf(view.group), async (entrance) => {
        const session = entrance.groups.session(view.group);
        // Its person has left, and nobody else is there to commit the removal: this device is out without one, and no successor follows.
        if (view.removal?.devices.includes(toText(entrance.self.device.id)) === true) await session?.leave();
        else session?.end("closed");
        entrance.groups.wake(view.group);
      });
    }
    if (view.reached !== null) onEvent({ kind: "reached", group: toBytes(view.group), number: view.reached });
    if (view.removal !== null && !view.ended) {
      const removal = { group: view.group, ...view.removal };
      removeSoon(removal, { isPatient: true });
    }
    if (view.welcome) {
      later(laneOf(view.group), async (entrance) => {
        // Who has left stays out, whoever adds them.
        const isLeft = view.place.kind === "everyone" && entrance.everyone.wish() === "left";
        if (isLeft) await entrance.client.request("leave", { group: view.group });
        else if (!(await takeWelcome(entrance, view))) again();
      });
    }
  }

  function removeSoon(ordered: Ordered, how: { readonly isPatient: boolean }, attempt = 0): void {
    later(`removals ${ordered.group}`, async (entrance) => {
      const patience = await removeOrdered(entrance, ordered, how);
      if (patience === "not-there") {
        if (attempt < MOST_WAITS) setTimeout(() => removeSoon(ordered, how, attempt + 1), AGAIN * 2 ** attempt).unref();
      } else if (patience > 0) setTimeout(() => removeSoon(ordered, { isPatient: false }), patience).unref();
    });
  }

  /** Who comes may have a device that isn't in their pair: the server knows of it, and of its key packages, only after their name. */
  async function completePairWith(entrance: Entrance, bearer: Bearer, attempt = 0): Promise<void> {
    const { owner } = entrance.self;
    const conversation = conversationOf({ kind: "direct", between: [owner, bearer.owner] }, owner);
    if (!bearer.online || entrance.groups.of(conversation) === null) return;
    await completePairs(entrance, [conversation]);
    if (attempt >= MOST_ATTEMPTS) return;
    const retry = async (living: Entrance) => await completePairWith(living, bearer, attempt + 1);
    setTimeout(() => later("pairs", retry), AGAIN * 2 ** attempt).unref();
  }
}

export function laneOf(group: string): string {
  return `group ${group}`;
}

/** Whether work of that lane may bring this device into a group, or on in its log. */
export function bringsEntries(lane: string): boolean {
  return lane.startsWith(laneOf("")) || ["connection", "successions", "everyone"].includes(lane);
}
