/**
 * A device that lives: on each connection it says who it is, comes into `#everyone`, takes its Welcomes, catches up and sends what
 * waits; in between it does what pushes ask for. It knows no face: who attaches hears events and asks.
 */
import type { ConnectionEnd, Standing as OwnStanding } from "../../client/index.ts";
import { connectFrames } from "../../client/frames/index.ts";
import type { BeforeHello, FrameOptions, FramesClient, FramesEvent, ServerHello } from "../../client/frames/index.ts";
import { Listeners } from "../../client/listeners.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import type { Person as Bearer } from "../../wire/frames/people.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import { digestContent } from "../content/content.ts";
import type { Who } from "../../mls/identity/who.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { logEntryOf } from "../delivery/entries.ts";
import { framesDelivery } from "../delivery/frames-delivery.ts";
import { conversationOf, placeOf } from "../delivery/places.ts";
import { turnsOver } from "../delivery/turns.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { GroupEvent } from "../group-sessions/events.ts";
import type { DeliveryService, System } from "../group-sessions/ports.ts";
import { groupSession } from "../group-sessions/session.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import { AgentStoreError } from "../storage/errors.ts";
import type { AgentStoreErrorCode } from "../storage/errors.ts";
import type { Digest, GroupRow, StopCause } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import { admitOwed, LONGEST } from "./admitting.ts";
import { endForgotten, endUnknown, groupsHeld } from "./arriving.ts";
import { comeIn, comeIntoEveryone, enterEveryone, everyoneOf } from "./everyone.ts";
import { companions } from "./companions.ts";
import type { CompanionTimings } from "./companions.ts";
import { conversations } from "./conversations.ts";
import type { Conversations } from "./conversations.ts";
import { takeWelcome } from "./entering.ts";
import type { Entrance } from "./entrance.ts";
import { groupsThere } from "./group-views.ts";
import { groupsOf } from "./groups.ts";
import { addJoiners } from "./joiners.ts";
import type { Groups } from "./groups.ts";
import { becomeSelf, ownerOf, isAtHome, proveSelf } from "./introduce.ts";
import type { KnownServer, Self } from "./introduce.ts";
import { offerPackages } from "./offer-packages.ts";
import { ownDevices } from "./own-devices.ts";
import type { OwnDevices, Waiting } from "./own-devices.ts";
import { completePairs } from "./pairs.ts";
import { ownKey } from "./own-key.ts";
import type { Removed } from "./own-key.ts";
import { failed as notThere } from "./rooms.ts";
import type { Failed } from "./rooms.ts";
import { pending } from "./pending.ts";
import { retries } from "./retries.ts";
import { removeOrdered } from "./removals.ts";
import type { Ordered } from "./removals.ts";
import { replacing } from "./replacing.ts";
import { resetDevices } from "./resetting.ts";
import type { Reset } from "./resetting.ts";
import { successions } from "./successions.ts";
import { besideServerClock } from "./server-clock.ts";
import { SYSTEM } from "./system.ts";
import { workQueue } from "./work-queue.ts";

export interface RuntimeOptions extends Pick<FrameOptions, "server" | "open" | "timings" | "reconnect"> {
  /** Stays its owner's: it is not closed. */
  readonly store: AgentStore;
  readonly name: string;
  readonly deviceLabel: string;
  /** From an earlier hello: then the device needs no connection to read what it has and to write. */
  readonly known?: KnownServer;
  /** Default: of our content format. */
  readonly digest?: (content: Uint8Array) => Digest;
  readonly onEvent?: (event: RuntimeEvent) => void;
  readonly system?: System;
  /** The token that this device was given to be confirmed by, as people have it. */
  readonly token?: string | null;
  /** See pending.ts. Default true. */
  readonly mayAsk?: boolean;
  /** When other people's devices are added to groups that they lack. Default: after some seconds. */
  readonly companionTimings?: CompanionTimings;
  /** Whether it comes into `#everyone` where nobody has asked for that yet (`comeIn`). Default true. */
  readonly comesIn?: boolean;
}

export type RuntimeEvent =
  | { readonly kind: "group"; readonly conversation: string; readonly group: Uint8Array; readonly event: GroupEvent }
  /** Where a conversation's group stands after it did what could be done. */
  | { readonly kind: "standing"; readonly conversation: string; readonly standing: Standing }
  /** The conversation goes on in another group; `why` the one before ended. Messages of one's own that were lost with it go out again. */
  | { readonly kind: "continued"; readonly conversation: string; readonly why: StopCause }
  /**
   * The server knows a newer state of this device, which was copied or brought back: another device of the same person has taken its place. It
   * comes into open rooms by itself; into others its person has to be invited again.
   */
  | { readonly kind: "device-replaced" }
  /** What this device is among its person's has changed. */
  | { readonly kind: "own-standing"; readonly standing: OwnStanding }
  /** Another one asks to be confirmed. */
  | { readonly kind: "device-waits"; readonly waiting: Waiting }
  /** What the person's devices are has been looked at, and may have changed. `pending`: those that wait, in base64url. */
  | { readonly kind: "own-devices"; readonly pending: readonly string[] }
  /** The server says that the person has another user key, which nobody has announced: this device goes on under its own. */
  | { readonly kind: "own-key-changed" }
  /** The server was restored from a backup since this device was there last: bans and removals since then are gone. */
  | { readonly kind: "server-restored" }
  | { readonly kind: "client"; readonly event: FramesEvent }
  /** Everybody else has that group's log up to this number. It may fall behind what was told before: the highest counts. */
  | { readonly kind: "reached"; readonly group: Uint8Array; readonly number: number }
  /** A group was refused, for not being what the server says that it is. */
  | { readonly kind: "misplaced"; readonly conversation: string; readonly why: string }
  /** What answers is another server, or takes us for somebody else. It was told nothing, and the client ends. */
  | { readonly kind: "not-at-home"; readonly hello: KnownServer }
  /** Something failed here; it is tried again at the next occasion. */
  | { readonly kind: "failed"; readonly error: unknown };

export interface DeviceRuntime extends Conversations {
  readonly client: FramesClient;
  /** What this device is called by its person, also before its record says so. */
  readonly deviceLabel: string;
  readonly devices: OwnDevices;
  /** In place of a device that was removed, or that waits: a new one, which asks to be confirmed. Null: this one is confirmed. */
  beginAnew(): Promise<"begun" | null>;
  /** A device that waits to be confirmed asks once more. */
  askAgain(): void;
  /** Who it asks to be a device of; null: it asks nobody. */
  asksToBe(): Promise<Who | null>;
  /** A device that asks has the user key from an export. False: it asks nobody. */
  confirmBy(userSeed: Uint8Array): Promise<boolean>;
  /** For a device that isn't confirmed yet. */
  useToken(token: string): Promise<void>;
  /**
   * These are out of all of this person's groups, for good, and their user key is another one (ids in base64url). So is whatever else is
   * found under the person's name that isn't a device of theirs.
   */
  removeDevices(ids: readonly string[]): Promise<Removed | Failed>;
  /** Begins anew, as the only device of this person, who has a new user key then and no rooms: others see a changed key. */
  resetDevices(): Promise<Reset | Failed>;
  /** Into `#everyone`, now or as soon as it can be, where nobody has asked for that yet; whoever has left it stays out. */
  comeIn(): void;
  /** Hears every event from now on, until the function returned is called. */
  onEvent(listener: (event: RuntimeEvent) => void): () => void;
  /** Resolves when nothing is left to do: what the server has said is taken, what could be sent is. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Groups that others keep busy, or the server can't serve now, are tried again after so long; keys that are due are looked for so often. In milliseconds. */
const AGAIN = 1_000;
const TICK = 30_000;
/** How long a device that begins anew waits for its connection, in milliseconds. */
const RECONNECTED = 15_000;

/** What a disk may get over. */
const PASSING: ReadonlySet<AgentStoreErrorCode> = new Set(["full", "unwritable", "failed"]);

/** With what a connection begins. */
type Introduced = Awaited<ReturnType<NonNullable<FrameOptions["device"]>>>;

/** What is there once the first server's hello has come. */
interface Alive {
  readonly self: Self;
  readonly entrance: Entrance;
}

/** Starts to connect, and returns at once. */
export function startDevice(options: RuntimeOptions): DeviceRuntime {
  const { store, name, deviceLabel, known, digest = digestContent } = options;
  const system = besideServerClock(options.system ?? SYSTEM);
  const listeners = new Listeners<RuntimeEvent>();
  if (options.onEvent !== undefined) listeners.add(options.onEvent);
  const onEvent = (event: RuntimeEvent) => listeners.tell(event);
  const failed = (error: unknown) => onEvent({ kind: "failed", error });
  const trying = retries({ first: AGAIN, longest: TICK });
  /** What it was to do is worked out anew, from what the server says and what is kept. */
  const troubled = (error: unknown) => {
    failed(error);
    trying.later();
  };
  const tasks = workQueue(troubled);
  const onMisplaced = (conversation: string, why: string) => onEvent({ kind: "misplaced", conversation, why });
  let alive: Promise<Alive | null> | null = null;
  let isClosed = false;
  let incarnation: string | null = null;
  /** Counts the connections, those that are over too; on which of them key packages were offered. */
  let [connection, offeredOn] = [1, 0];
  /** Of the connection that stands, or the last. */
  let present: ServerHello | null = null;
  /** The last that the server gave, in base64url. */
  let receipt: string | null = null;
  /** Up to where the server was told, on this connection, that each group is read. */
  const acknowledged = new Map<string, number>();
  /** Groups in which devices are owed a place. */
  const owing = new Set<string>();
  let admitting: NodeJS.Timeout | undefined;
  const beside = companions({
    system,
    timings: options.companionTimings,
    later: (lane, task) => later(lane, async ({ entrance }) => await task(entrance)),
  });
  const replacement = replacing({ store, name, deviceLabel, system });
  const { token = null, mayAsk = true } = options;
  let { comesIn = true } = options;
  const onStanding = (standing: OwnStanding) => onEvent({ kind: "own-standing", standing });
  const asking = pending({ store, name, deviceLabel, system, token, mayAsk, client: () => client, onStanding });
  const own = ownDevices({
    entranceOf: async () => (await alive)?.entrance ?? null,
    onWaiting: (waiting) => onEvent({ kind: "device-waits", waiting }),
    onChanged: (waiting) => onEvent({ kind: "own-devices", pending: waiting }),
  });
  const key = ownKey({
    later: (lane, task) => later(lane, async ({ entrance }) => await task(entrance)),
    onUnannounced: () => onEvent({ kind: "own-key-changed" }),
  });
  // A failure is told with the connection, which tries it afresh.
  if (known !== undefined) void comeAlive(known).catch(() => {});

  const client = connectFrames({
    // What is typed while no server is there waits for one.
    reconnect: "always",
    ...options,
    client: "padserve agent",
    device: async (hello, before) => await introduce(hello, before).catch(orLater),
    refused: async (refusal) => {
      if (!(await asking.refused(refusal))) return false;
      await endLife();
      return true;
    },
  });
  const turns = turnsOver(client, system);
  client.onEvent((event) => {
    if (event.kind === "welcomed" && event.reply.device === null)
      tasks.add("confirmation", async () => await asking.welcomed());
    else if (event.kind === "welcomed") onStanding({ kind: "confirmed" });
    if (event.kind === "welcomed") settle(event.reply);
    if (event.kind === "push") heard(event.push);
    if (event.kind === "state" && event.state.kind === "waiting") lost(event.state.loss);
    if (event.kind === "state" && event.state.kind === "ended") over(event.state.cause);
    onEvent({ kind: "client", event });
  });
  const ticking = setInterval(() => {
    later("ticks", ({ entrance }) => entrance.groups.wakeAll());
    askAgain();
  }, TICK).unref();

  return {
    client,
    deviceLabel,
    devices: own.asked,
    comeIn() {
      comesIn = true;
      later("everyone", async ({ entrance }) => await comeIn(entrance));
    },
    onEvent: (listener) => listeners.add(listener),
    beginAnew,
    askAgain,
    asksToBe: async () => await asking.asksToBe(),
    confirmBy: async (userSeed) => await asking.confirmBy(userSeed),
    useToken: async (given) => {
      if (await asking.useToken(given)) client.renew();
    },
    async removeDevices(ids) {
      const living = await alive;
      if (living === null) return notThere("device-not-confirmed");
      return await key.remove(living.entrance, ids);
    },
    resetDevices: reset,
    ...conversations(async () => (await alive)?.entrance ?? null),
    async settled() {
      do {
        await tasks.done();
        await (await alive)?.entrance.groups.settled();
      } while (tasks.isBusy());
    },
    async close() {
      isClosed = true;
      clearInterval(ticking);
      trying.end();
      clearTimeout(admitting);
      await client.close();
      await tasks.done();
      const living = await alive?.catch(() => null);
      await living?.entrance.groups.close();
      living?.self.engine.close();
    },
  };

  async function introduce(hello: ServerHello, before: BeforeHello): Promise<Introduced> {
    present = hello;
    system.heard(hello.at);
    asking.connected(hello);
    if (replacement.isDue()) await replaceDevice(hello);
    if ((await comeAlive(hello)) === null) {
      const step = await asking.introduce(hello, before);
      if (step !== "confirmed") return step === "again" ? step : null;
    }
    const living = await comeAlive(hello);
    if (living === null) throw new Error("the store hasn't kept what confirms this device");
    const { self } = living;
    if (!isAtHome(self, hello, name)) {
      onEvent({ kind: "not-at-home", hello });
      throw new Error("this connection leads to another server, or we are somebody else there");
    }
    ({ incarnation } = hello.server);
    return await proveSelf(store, self, hello, receipt);
  }

  /** A disk that has failed once may do better next time; what else went wrong ends the client. */
  function orLater(error: unknown): "later" {
    if (!(error instanceof AgentStoreError) || !PASSING.has(error.code)) throw error;
    failed(error);
    return "later";
  }

  /** What failed once (a full disk) is tried afresh with the next connection. */
  async function comeAlive(hello: KnownServer): Promise<Alive | null> {
    alive ??= becomeAlive(hello).then(
      (living) => {
        if (living === null) alive = null;
        return living;
      },
      (error: unknown) => {
        alive = null;
        throw error;
      },
    );
    return await alive;
  }

  async function endLife(): Promise<void> {
    const living = await alive;
    alive = null;
    await living?.entrance.groups.close();
    living?.self.engine.close();
  }

  function askAgain(): void {
    if (!isClosed) tasks.add("confirmation", async () => await asking.askAgain());
  }

  async function beginAnew(): Promise<"begun" | null> {
    const { candidate, isRemoved } = await store.load();
    const { state } = client;
    const isOut = state.kind === "ended" && state.cause.kind === "refused" && OUT.has(state.cause.error.reason);
    const who = candidate?.who ?? ownWho((await alive)?.self ?? null);
    if (who === null || (candidate === null && !isRemoved && !isOut)) return null;
    await endLife();
    await asking.beginAnew(who);
    client.renew();
    return "begun";
  }

  /** A confirmed device gives way to a new one first, which waits: its own connection would end with the others'. */
  async function reset(): Promise<Reset | Failed> {
    const before = (await alive)?.self ?? null;
    if (present === null) return notThere("offline");
    if (ownerOf(present, name).kind === "name") return notThere("name-has-key");
    if (before !== null) {
      const isBack = backWithoutDevice();
      await endLife();
      await asking.beginAnew({ server: before.server, ...before.owner });
      client.renew();
      if (!(await isBack)) return notThere("offline");
    }
    const outcome = await resetDevices({ store, name, deviceLabel, system, client, hello: present });
    if (outcome.kind === "reset") client.renew();
    return outcome;
  }

  /** False: not in time. */
  async function backWithoutDevice(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const stop = client.onEvent((event) => {
      if (event.kind === "welcomed" && event.reply.device === null) resolve(true);
    });
    void system.wait(RECONNECTED).then(() => resolve(false));
    const isBack = await promise;
    stop();
    return isBack;
  }

  function lost(loss: ConnectionEnd): void {
    // A server that was killed may have forgotten it.
    acknowledged.clear();
    connection += 1;
    trying.end();
    asking.lost();
    if (loss.kind === "refused" && loss.error.reason === "rolled-back") replacement.foundRolledBack();
  }

  function over(cause: ConnectionEnd): void {
    asking.lost();
    if (cause.kind !== "refused") return;
    if (cause.error.reason !== "device-removed") {
      tasks.add("confirmation", async () => await asking.turnedAway(cause.error));
      return;
    }
    tasks.add("confirmation", async () => {
      // A user key of its own that it was about to put in place is nobody's now.
      await store.commit([{ kind: "device-was-removed" }, { kind: "rotation-dropped" }]);
      onStanding({ kind: "removed" });
    });
  }

  async function replaceDevice(hello: KnownServer): Promise<void> {
    const living = await comeAlive(hello);
    if (living === null) return;
    const { self, entrance } = living;
    if (!isAtHome(self, hello, name)) return;
    const dropped = await replacement.replace(hello, entrance.groups);
    alive = null;
    self.engine.close();
    onEvent({ kind: "device-replaced" });
    for (const { conversation, group, messageId } of dropped) {
      const event = { kind: "refused", messageId, why: "rolled-back" } as const;
      onEvent({ kind: "group", conversation, group, event });
    }
  }

  async function becomeAlive(hello: KnownServer): Promise<Alive | null> {
    const saved = await store.load();
    const { groups: rows, owing: indebted } = saved;
    const self = await becomeSelf({ store, name, deviceLabel, system }, saved, hello);
    if (self === null) return null;
    ({ receipt } = saved);
    replacement.begin(self);
    key.begin({ self, statement: saved.statement, groups: rows.map(({ id }) => id) });
    const service = serviceOf(self);
    for (const group of indebted) owing.add(toText(group));
    const groups = groupsOf({
      rows,
      open: (id, conversation) => open(self, service, id, conversation),
      advanced: async (session, conversation, step) => await advanced(session, conversation, step),
      failed: troubled,
    });
    for (const group of indebted) await awaitOwed(groups, group);
    const continued = successions({
      rows,
      onContinued: (conversation, why) => onEvent({ kind: "continued", conversation, why }),
      onOwing: (group) => void owing.add(group),
    });
    const everyone = everyoneOf(store, saved, comesIn);
    const shared = { client, store, service, system, self, groups, digest, onMisplaced };
    return { self, entrance: { ...shared, successions: continued, companions: beside, everyone } };
  }

  /** Ended before it said anything there: who is owed a place is waited for as at its making. */
  async function awaitOwed(groups: Groups, group: Uint8Array): Promise<void> {
    const kept = await store.group(group);
    if (kept === null || kept.row.sent > 0) return;
    const devices = kept.owed.map(({ deviceId }) => deviceId);
    groups.session(toText(group))?.awaitMembers(devices, system.now() + LONGEST);
  }

  function serviceOf(self: Self) {
    return framesDelivery({
      client,
      turns,
      placeOf: async (group) => {
        const kept = await store.group(group);
        return kept === null ? null : placeOf(kept.row.conversation, self.owner);
      },
    });
  }

  function open(self: Self, service: DeliveryService, id: Uint8Array, conversation: string): GroupSession {
    return groupSession(id, {
      store,
      engine: self.engine,
      service,
      trust: self.people,
      system,
      ownDevice: self.device.id,
      digest,
      onEvent: (event) => {
        if (event.kind === "stopped" && event.cause === "rolled-back") replacement.foundRolledBack();
        if (event.kind === "entry" && event.entry.kind === "members" && event.entry.went.includes(event.entry.by))
          beside.removedOwn(toText(id), event.entry.by);
        onEvent({ kind: "group", conversation, group: id, event });
      },
    });
  }

  /** Tells the server how far this device has got, and goes on later where it can't now. */
  async function advanced(session: GroupSession, conversation: string, step: Standing): Promise<void> {
    onEvent({ kind: "standing", conversation, standing: step });
    const { row, members } = await session.look();
    const group = toText(session.id);
    if (row.status === "active") {
      beside.note(group, members);
      const there = await alive;
      if (there !== null) key.advanced(there.entrance, session, members);
      await acknowledge(group, row.cursor);
      replacement.removeFormer(session, members, later);
      later("rooms", async ({ entrance }) => await replacement.retireFormer(entrance));
      // The other one is still to be invited; whoever opens it does so now.
      if (conversation.startsWith("direct:") && new Set(members.map(({ who }) => who)).size < 2) {
        later("pairs", async ({ entrance: living }) => await completePairs(living, [conversation]));
      }
      if (owing.has(group) && admitting === undefined) admitLater(0, 0);
    } else beside.forget(group);
    await continueElsewhere(row);
    if (step.kind === "refused" && row.status === "removed")
      later("everyone", async ({ entrance }) => orAgain(await enterEveryone(entrance)));
    const isHopeful = step.kind === "busy" || step.kind === "offline";
    if (!isHopeful || client.state.kind !== "online" || isClosed) return;
    setTimeout(() => later(laneOf(group), ({ entrance }) => entrance.groups.wake(group)), AGAIN).unref();
  }

  async function acknowledge(group: string, number: number): Promise<void> {
    if (acknowledged.get(group) === number) return;
    const answer = await client.request("acknowledge", { group, number });
    if (answer.kind === "answered") acknowledged.set(group, number);
  }

  /** All that there is to do when a connection has come: Welcomes, the server's word on each log's end, `#everyone`, then each group. */
  async function welcomed({ self, entrance }: Alive, { device }: ReplyBody<"hello">): Promise<boolean> {
    const current = incarnation;
    if (device !== null) await keepReceipt(device.receipt);
    const seenBefore = (await store.load()).incarnation;
    const isRestored = seenBefore !== null && seenBefore !== current;
    const isOffered = device !== null && (offeredOn === connection || (await offer(self, device, isRestored)));
    if (isOffered) offeredOn = connection;
    // What it comes into from here on the server may not have known when it was asked.
    const held = await groupsHeld(entrance);
    const views = await groupsThere(entrance);
    if (views === null) return false;
    endUnknown(entrance, held, views);
    // Only what is done needn't be done again by whoever is ended here.
    const isDone = isOffered && (!isRestored || (await endForgotten(entrance, held, views)));
    if (isDone && current !== null && seenBefore !== current) {
      await store.commit([{ kind: "server-seen", incarnation: current }]);
      if (isRestored) onEvent({ kind: "server-restored" });
    }
    for (const view of views) {
      if (view.hash !== null && !view.ended) {
        entrance.groups.session(view.group)?.expectHead({ number: view.head, hash: toBytes(view.hash) });
      }
      seen(view);
    }
    beside.begin();
    entrance.groups.wakeAll();
    later("companions", async () => await beside.completeGroups(entrance));
    later("everyone", async () => orAgain(await comeIntoEveryone(entrance, views)));
    later("own devices", async () => await own.look(entrance));
    if (device !== null) later("own key", async () => await key.welcomed(entrance, device.userKey));
    later("rooms", async () => {
      await replacement.rejoin(entrance, views);
      await replacement.retireFormer(entrance);
    });
    later(
      "pairs",
      async () =>
        await completePairs(
          entrance,
          views.map(({ place }) => conversationOf(place, self.owner)),
        ),
    );
    entrance.successions.begin();
    succeedLater(views);
    if (owing.size > 0) admitLater(0, 0);
    return isOffered || device === null;
  }

  async function keepReceipt(given: Uint8Array | null): Promise<void> {
    const next = given === null ? null : toText(given);
    if (next === null || next === receipt) return;
    await store.commit([{ kind: "receipt-kept", receipt: next }]);
    receipt = next;
  }

  async function continueElsewhere(row: GroupRow): Promise<void> {
    const entrance = (await alive)?.entrance ?? null;
    if (row.status === "active") await entrance?.successions.retire(entrance, row.conversation);
    const isStuck = entrance?.successions.note(row) === true;
    // Where it goes on already, what waits in others is brought along.
    const isLeft = row.status === "active" && entrance?.successions.hasOrphans(row.conversation) === true;
    if (isStuck || isLeft) succeedLater(null);
  }

  function succeedLater(views: readonly GroupView[] | null): void {
    later("successions", async ({ entrance }) => await entrance.successions.run(entrance, views));
  }

  /** Where the server was restored, what it has of this device's key packages may have been used: all are replaced. */
  async function offer(
    self: Self,
    device: { readonly packages: number; readonly lastResort: boolean },
    isRestored: boolean,
  ): Promise<boolean> {
    const there = isRestored ? { packages: 0, lastResort: false } : device;
    const offered = { now: system.now(), replace: isRestored };
    return await offerPackages({ client, store, engine: self.engine }, there, offered);
  }

  /** Who was in a group before is added to its successor as soon as the server knows them again: looked for less and less often. */
  function admitLater(wait: number, attempt: number): void {
    clearTimeout(admitting);
    admitting = setTimeout(() => {
      later("admitting", async ({ entrance }) => {
        for (const group of owing) if (await admitOwed(entrance, toBytes(group))) owing.delete(group);
        admitting = undefined;
        if (owing.size > 0) admitLater(Math.min(TICK, AGAIN * 2 ** attempt), attempt + 1);
      });
    }, wait).unref();
  }

  function seen(view: GroupView): void {
    if (view.ended) {
      later(laneOf(view.group), ({ entrance }) => {
        entrance.groups.session(view.group)?.end("closed");
        entrance.groups.wake(view.group);
      });
    }
    if (view.reached !== null) onEvent({ kind: "reached", group: toBytes(view.group), number: view.reached });
    if (view.removal !== null) {
      const removal = { group: view.group, ...view.removal };
      removeSoon(removal, { isPatient: true });
    }
    if (view.welcome) {
      later(laneOf(view.group), async ({ entrance }) => {
        // Who has left stays out, whoever adds them.
        const isLeft = view.place.kind === "everyone" && entrance.everyone.wish() === "left";
        if (isLeft) await client.request("leave", { group: view.group });
        else if (!(await takeWelcome(entrance, view))) trying.later();
      });
    }
  }

  function removeSoon(ordered: Ordered, how: { readonly isPatient: boolean }): void {
    later(`removals ${ordered.group}`, async ({ entrance }) => {
      const patience = await removeOrdered(entrance, ordered, how);
      if (patience > 0) setTimeout(() => removeSoon(ordered, { isPatient: false }), patience).unref();
    });
  }

  function heard(push: Extract<FramesEvent, { kind: "push" }>["push"]): void {
    switch (push.type) {
      case "entry":
        later(laneOf(push.group), ({ entrance }) => {
          entrance.groups.session(push.group)?.offer(logEntryOf(push.entry));
          entrance.groups.wake(push.group);
        });
        return;
      case "group":
        seen(push.group);
        later(laneOf(push.group.group), ({ entrance }) => entrance.groups.wake(push.group.group));
        later("everyone", async ({ entrance }) =>
          orAgain(await comeIntoEveryone(entrance, [push.group], { mayCreate: false })),
        );
        return;
      case "removal-due":
        // A commit may wait for its turn; what comes in the same group doesn't wait for that.
        removeSoon(push, { isPatient: true });
        return;
      case "packages-low":
        later("packages", async ({ self }) => {
          const there = { packages: push.left, lastResort: true };
          await offerPackages({ client, store, engine: self.engine }, there, { now: system.now(), replace: false });
        });
        return;
      case "reached":
        onEvent({ kind: "reached", group: toBytes(push.group), number: push.number });
        return;
      case "presence":
        for (const person of push.people) later("pairs", async (living) => await completePairWith(living, person));
        later("companions", ({ entrance }) => beside.seen(entrance, push.people));
        return;
      case "joiners":
        // Beside what comes in the same group, as removals are.
        later(`joiners ${push.group}`, async ({ entrance }) => await addJoiners(entrance, push.group, push.devices));
        return;
      // Turns are waited for in turns.ts; the rest is for faces.
      case "turn":
      case "said":
      case "told":
      case "moderated":
        return;
      case "devices":
        later("own devices", async ({ entrance }) => await own.look(entrance));
        return;
      case "device-waits":
        later("own devices", async ({ entrance }) => await own.waits(entrance, push.waiting));
        return;
      case "confirmed":
        tasks.add("confirmation", async () => await asking.confirmed(push.device, push.confirmation));
        later("own key", async ({ self, entrance }) => {
          if (push.device === toText(self.device.id)) await key.confirmed(entrance, push.confirmation);
        });
        return;
    }
  }

  /** Who comes may have a device that isn't in their pair: the server knows of it, and of its key packages, only after their name. */
  async function completePairWith({ self, entrance }: Alive, bearer: Bearer, attempt = 0): Promise<void> {
    const conversation = conversationOf({ kind: "direct", between: [self.owner, bearer.owner] }, self.owner);
    if (!bearer.online || entrance.groups.of(conversation) === null) return;
    await completePairs(entrance, [conversation]);
    if (attempt >= MOST_ATTEMPTS) return;
    const again = async (living: Alive) => await completePairWith(living, bearer, attempt + 1);
    setTimeout(() => later("pairs", again), AGAIN * 2 ** attempt).unref();
  }

  function orAgain(isDone: boolean): void {
    if (!isDone) trying.later();
  }

  function settle(reply: ReplyBody<"hello">): void {
    const begin = () => {
      later("connection", async (living) => {
        if (!(await welcomed(living, reply))) trying.later();
      });
    };
    trying.begin(begin);
    begin();
  }

  function later(lane: string, task: (living: Alive) => Promise<void> | void): void {
    if (isClosed) return;
    tasks.add(lane, async () => {
      const living = await alive;
      if (living !== null && !isClosed) await task(living);
    });
  }
}

/** How a server says that this device isn't its person's, or no more. */
const OUT: ReadonlySet<string> = new Set(["device-removed", "device-not-confirmed", "name-has-key"]);

function ownWho(self: Self | null): Who | null {
  return self === null ? null : { server: self.server, ...self.owner };
}

function laneOf(group: string): string {
  return `group ${group}`;
}

/** To take a new device into a pair. */
const MOST_ATTEMPTS = 2;
