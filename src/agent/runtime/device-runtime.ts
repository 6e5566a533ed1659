/**
 * A device that lives: on each connection it says who it is, comes into `#everyone`, takes its Welcomes, catches up and sends what
 * waits; in between it does what pushes ask for. It knows no face: who attaches hears events and asks.
 */
import type { Standing as OwnStanding } from "../../client/index.ts";
import { connectFrames } from "../../client/frames/index.ts";
import { Listeners } from "../../client/listeners.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import { digestContent } from "../content/content.ts";
import { toText } from "../delivery/base64url.ts";
import { turnsOver } from "../delivery/turns.ts";
import { afterAdvance } from "./advanced.ts";
import { companions } from "./companions.ts";
import { connected } from "./connected.ts";
import { connections } from "./connections.ts";
import { conversations } from "./conversations.ts";
import type { Entrance } from "./entrance.ts";
import { comeIn } from "./everyone.ts";
import { bringsEntries, laneOf, pushHandler } from "./pushes.ts";
import { openedDevice } from "./opened.ts";
import { owedPlaces } from "./owed-places.ts";
import { ownDevices } from "./own-devices.ts";
import { ownDisk } from "./own-disk.ts";
import { ownKey } from "./own-key.ts";
import { pending } from "./pending.ts";
import { renewing } from "./renewing.ts";
import { replacing } from "./replacing.ts";
import { retries } from "./retries.ts";
import { failed as notThere } from "./rooms.ts";
import type { DeviceRuntime, RuntimeEvent, RuntimeOptions } from "./runtime.ts";
import { beginAnew, reset } from "./starting-over.ts";
import { besideServerClock } from "./server-clock.ts";
import { SYSTEM } from "./system.ts";
import { waking } from "./waking.ts";
import { workQueue } from "./work-queue.ts";

/** Groups that others keep busy, or the server can't serve now, are tried again after so long; keys that are due are looked for so often. In milliseconds. */
const AGAIN = 1_000;
const TICK = 30_000;

/** Starts to connect, and returns at once. */
export function startDevice(options: RuntimeOptions): DeviceRuntime {
  const { store, name, deviceLabel, known, token = null, mayAsk = true, digest = digestContent } = options;
  const system = besideServerClock(options.system ?? SYSTEM);
  const introducing = { store, name, deviceLabel, system };
  const listeners = new Listeners<RuntimeEvent>();
  if (options.onEvent !== undefined) listeners.add(options.onEvent);
  const onEvent = (event: RuntimeEvent) => listeners.tell(event);
  const trying = retries({ first: AGAIN, longest: TICK });
  /** What it was to do is worked out anew, from what the server says and what is kept. */
  const troubled = (error: unknown) => {
    onEvent({ kind: "failed", error });
    trying.later();
  };
  const disk = ownDisk((state) => onEvent({ kind: "own-disk", disk: state }));
  const tasks = workQueue(
    (error, lane) => {
      troubled(error);
      disk.failed("task", lane, error);
    },
    (lane) => disk.done("task", lane),
  );
  let isClosed = false;
  let { comesIn = true } = options;
  const beside = companions({
    system,
    timings: options.companionTimings,
    admitOwed: async (entrance, group) => await owed.admit(entrance, group),
    later,
  });
  const replacement = replacing(introducing);
  const renewal = renewing();
  const onStanding = (standing: OwnStanding) => onEvent({ kind: "own-standing", standing });
  const asking = pending({ ...introducing, token, mayAsk, client: () => client, onStanding });
  const own = ownDevices({
    entranceOf: presentEntrance,
    onWaiting: (waiting) => onEvent({ kind: "device-waits", waiting }),
    onChanged: (waiting) => onEvent({ kind: "own-devices", pending: waiting }),
  });
  const key = ownKey({
    later,
    onUnannounced: () => onEvent({ kind: "own-key-changed" }),
  });
  const again = () => trying.later();
  const owed = owedPlaces({
    store,
    system,
    first: AGAIN,
    longest: TICK,
    later: (task) => later("admitting", task),
  });
  const pushes = pushHandler({
    later,
    beforeAlive: (lane, task) => tasks.add(lane, task),
    again,
    asking,
    own,
    key,
    onEvent,
  });
  /** Conversations that somebody waits for, by who does. */
  const awaited = new Map<symbol, string>();
  const arriving = connected({
    awaited: () => new Set(awaited.values()),
    later,
    again,
    own,
    key,
    replacement,
    renewal,
    owed,
    seen: (view) => pushes.seen(view),
    succeedLater,
    onEvent,
  });
  const progress = afterAdvance({
    client: () => client,
    present: presentEntrance,
    later,
    again,
    succeedLater: () => succeedLater(null),
    companions: beside,
    replacement,
    key,
    owed,
    waking: waking({
      now: () => system.now(),
      again: AGAIN,
      longest: TICK,
      wake: (group) => later(laneOf(group), ({ groups }) => groups.wake(group)),
    }),
    onEvent,
  });
  const coming = connections({
    introducing,
    heardTime: (at) => system.heard(at),
    asking,
    replacement,
    opened: () => opened,
    arriving,
    trying,
    disk,
    later,
    confirmLater,
    onStanding,
    onEvent,
  });
  const client = connectFrames({
    // What is typed while no server is there waits for one.
    reconnect: "always",
    ...options,
    client: "padserve agent",
    device: async (hello, before) => await coming.introduce(hello, before),
    refused: async (refusal) => {
      if (!(await asking.refused(refusal))) return false;
      await opened.close();
      return true;
    },
    onRefused: (refusal) => coming.refused(refusal),
  });
  const opened = openedDevice({
    introducing,
    client,
    turns: turnsOver(client, system),
    digest,
    companions: beside,
    replacement,
    key,
    owed,
    comesIn: () => comesIn,
    onAdvanced: async (session, conversation, standing) => {
      await progress.advanced(session, conversation, standing);
      // Without a connection it had nothing to keep.
      if (standing.kind !== "offline") disk.done("session", toText(session.id));
    },
    onLeaves: (people) => progress.leavesChanged(people),
    onEvent,
    onTrouble: (error, group) => {
      troubled(error);
      disk.failed("session", group, error);
    },
  });
  // A failure is told with the connection, which tries it afresh.
  if (known !== undefined) void opened.open(known).catch(() => {});
  const startingOver = {
    introducing,
    client,
    asking,
    self: async () => (await opened.present())?.self ?? null,
    endLife: async () => await opened.close(),
  };
  client.onEvent((event) => {
    if (event.kind === "welcomed") coming.welcomed(event.reply);
    if (event.kind === "push") pushes.heard(event.push);
    if (event.kind === "state" && event.state.kind === "waiting") {
      progress.lost();
      coming.lost(event.state.loss);
    }
    if (event.kind === "state" && event.state.kind === "ended") coming.ended(event.state.cause);
    onEvent({ kind: "client", event });
  });
  const ticking = setInterval(() => {
    // The next hello tells what time it is.
    if (system.hasJumped()) client.renew();
    later("ticks", ({ groups }) => groups.wakeAll());
    later("packages", async (entrance) => await renewal.look(entrance));
    askAgain();
  }, TICK).unref();

  return {
    client,
    deviceLabel,
    devices: own.asked,
    comeIn() {
      comesIn = true;
      later("everyone", async (entrance) => await comeIn(entrance));
    },
    onEvent: (listener) => listeners.add(listener),
    beginAnew: async () => await beginAnew(startingOver),
    askAgain,
    asksToBe: async () => await asking.asksToBe(),
    confirmBy: async (userSeed) => await asking.confirmBy(userSeed),
    useToken: async (given) => {
      if (await asking.useToken(given)) client.renew();
    },
    async removeDevices(ids) {
      const entrance = await presentEntrance();
      return entrance === null ? notThere("device-not-confirmed") : await key.remove(entrance, ids);
    },
    resetDevices: async () => await reset(startingOver, () => coming.hello()),
    ...conversations(presentEntrance, key),
    async caughtUp(conversation) {
      const call = Symbol(conversation);
      awaited.set(call, conversation);
      try {
        await tasks.done(bringsEntries);
        await (await presentEntrance())?.groups.settled(conversation);
      } finally {
        awaited.delete(call);
      }
    },
    async settled() {
      do {
        await tasks.done();
        await (await presentEntrance())?.groups.settled();
      } while (tasks.isBusy());
    },
    async close() {
      isClosed = true;
      clearInterval(ticking);
      trying.end();
      owed.end();
      progress.lost();
      await client.close();
      await tasks.done();
      // One that couldn't be opened has nothing to close.
      await opened.close().catch(() => {});
    },
  };

  function askAgain(): void {
    if (!isClosed) confirmLater(async () => await asking.askAgain());
  }

  function confirmLater(task: () => Promise<void>): void {
    tasks.add("confirmation", task);
  }

  function succeedLater(views: readonly GroupView[] | null): void {
    later("successions", async (entrance) => await entrance.successions.run(entrance, views));
  }

  async function presentEntrance(): Promise<Entrance | null> {
    return (await opened.present())?.entrance ?? null;
  }

  function later(lane: string, task: (entrance: Entrance) => Promise<void> | void): void {
    if (isClosed) return;
    tasks.add(lane, async () => {
      const entrance = await presentEntrance();
      if (entrance !== null && !isClosed) await task(entrance);
    });
  }
}
