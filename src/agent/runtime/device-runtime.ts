/**
 * A device that lives: on each connection it says who it is, comes into `#everyone`, takes its Welcomes, catches up and sends what
 * waits; in between it does what pushes ask for. It knows no face: who attaches hears events and asks.
 */
import type { ConnectionEnd, Standing as OwnStanding } from "../../client/index.ts";
import { connectFrames } from "../../client/frames/index.ts";
import type { BeforeHello, FrameOptions, ServerHello } from "../../client/frames/index.ts";
import { Listeners } from "../../client/listeners.ts";
import type { GroupView } from "../../wire/frames/groups.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import { digestContent } from "../content/content.ts";
import { toText } from "../delivery/base64url.ts";
import { framesDelivery } from "../delivery/frames-delivery.ts";
import { placeOf } from "../delivery/places.ts";
import { turnsOver } from "../delivery/turns.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { DeliveryService } from "../group-sessions/ports.ts";
import { groupSession } from "../group-sessions/session.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import { AgentStoreError } from "../storage/errors.ts";
import type { AgentStoreErrorCode } from "../storage/errors.ts";
import type { GroupRow } from "../storage/kept.ts";
import { companions, removerOfOwn } from "./companions.ts";
import { connected } from "./connected.ts";
import { conversations } from "./conversations.ts";
import type { Entrance } from "./entrance.ts";
import { comeIn, enterEveryone, everyoneOf } from "./everyone.ts";
import { groupsOf } from "./groups.ts";
import { hearing, laneOf } from "./hearing.ts";
import { becomeSelf, isAtHome, proveSelf } from "./introduce.ts";
import type { KnownServer, Self } from "./introduce.ts";
import { owedPlaces } from "./owed-places.ts";
import { ownDevices } from "./own-devices.ts";
import { ownKey } from "./own-key.ts";
import { completePairs } from "./pairs.ts";
import { pending } from "./pending.ts";
import { replacing } from "./replacing.ts";
import { retries } from "./retries.ts";
import { failed as notThere } from "./rooms.ts";
import type { DeviceRuntime, RuntimeEvent, RuntimeOptions } from "./runtime.ts";
import { beginAnew, reset } from "./starting-over.ts";
import { successions } from "./successions.ts";
import { besideServerClock } from "./server-clock.ts";
import { SYSTEM } from "./system.ts";
import { workQueue } from "./work-queue.ts";

/** Groups that others keep busy, or the server can't serve now, are tried again after so long; keys that are due are looked for so often. In milliseconds. */
const AGAIN = 1_000;
const TICK = 30_000;

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
  /** Counts the connections, those that are over too. */
  let connection = 1;
  /** Of the connection that stands, or the last. */
  let present: ServerHello | null = null;
  /** Up to where the server was told, on this connection, that each group is read. */
  const acknowledged = new Map<string, number>();
  const beside = companions({
    system,
    timings: options.companionTimings,
    later: ofEntrance,
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
    later: ofEntrance,
    onUnannounced: () => onEvent({ kind: "own-key-changed" }),
  });
  const again = () => trying.later();
  const owed = owedPlaces({
    store,
    system,
    first: AGAIN,
    longest: TICK,
    later: (task) => ofEntrance("admitting", task),
  });
  const hears = hearing({
    later: ofEntrance,
    beforeAlive: (lane, task) => tasks.add(lane, task),
    again,
    asking,
    own,
    key,
    onEvent,
  });
  const arriving = connected({
    later: ofEntrance,
    again,
    own,
    key,
    replacement,
    owed,
    seen: (view) => hears.seen(view),
    succeedLater,
    onEvent,
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
  const startingOver = {
    introducing: { store, name, deviceLabel, system },
    client,
    asking,
    self: async () => (await alive)?.self ?? null,
    endLife,
  };
  client.onEvent((event) => {
    if (event.kind === "welcomed" && event.reply.device === null)
      tasks.add("confirmation", async () => await asking.welcomed());
    else if (event.kind === "welcomed") onStanding({ kind: "confirmed" });
    if (event.kind === "welcomed") settle(event.reply);
    if (event.kind === "push") hears.heard(event.push);
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
    beginAnew: async () => await beginAnew(startingOver),
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
    resetDevices: async () => await reset(startingOver, () => present),
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
      owed.end();
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
    return await proveSelf(store, self, hello, arriving.receipt());
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
    arriving.begin(saved.receipt);
    replacement.begin(self);
    key.begin({ self, statement: saved.statement, groups: rows.map(({ id }) => id) });
    const service = serviceOf(self);
    const groups = groupsOf({
      rows,
      open: (id, conversation) => open(self, service, id, conversation),
      advanced: async (session, conversation, step) => await advanced(session, conversation, step),
      failed: troubled,
    });
    await owed.begin(groups, indebted);
    await key.find(groups, rows);
    const continued = successions({
      rows,
      onContinued: (conversation, why) => onEvent({ kind: "continued", conversation, why }),
      onOwing: (group) => owed.note(group),
    });
    const everyone = everyoneOf(store, saved, comesIn);
    const shared = { client, store, service, system, self, groups, digest, onMisplaced };
    return { self, entrance: { ...shared, successions: continued, companions: beside, everyone } };
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
        const by = event.kind === "entry" ? removerOfOwn(event.entry) : null;
        if (by !== null) beside.removedOwn(toText(id), by);
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
      if (owed.owes(group)) owed.settleSoon();
    } else beside.forget(group);
    await continueElsewhere(row);
    if (step.kind === "refused" && row.status === "removed")
      later("everyone", async ({ entrance }) => {
        if (!(await enterEveryone(entrance))) again();
      });
    const isHopeful = step.kind === "busy" || step.kind === "offline";
    if (!isHopeful || client.state.kind !== "online" || isClosed) return;
    setTimeout(() => later(laneOf(group), ({ entrance }) => entrance.groups.wake(group)), AGAIN).unref();
  }

  async function acknowledge(group: string, number: number): Promise<void> {
    if (acknowledged.get(group) === number) return;
    const answer = await client.request("acknowledge", { group, number });
    if (answer.kind === "answered") acknowledged.set(group, number);
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

  function settle({ device }: ReplyBody<"hello">): void {
    const begin = () => {
      later("connection", async ({ entrance }) => {
        if (!(await arriving.settle(entrance, device, { number: connection, incarnation }))) again();
      });
    };
    trying.begin(begin);
    begin();
  }

  function ofEntrance(lane: string, task: (entrance: Entrance) => Promise<void> | void): void {
    later(lane, async ({ entrance }) => await task(entrance));
  }

  function later(lane: string, task: (living: Alive) => Promise<void> | void): void {
    if (isClosed) return;
    tasks.add(lane, async () => {
      const living = await alive;
      if (living !== null && !isClosed) await task(living);
    });
  }
}
