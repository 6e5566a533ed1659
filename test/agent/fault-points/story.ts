import type { RuntimeEvent } from "../../../src/agent/runtime/runtime.ts";
import { EVERYONE } from "../../../src/agent/delivery/places.ts";
import { AgentStoreError } from "../../../src/agent/storage/errors.ts";
import { Fault } from "../../../src/agent/storage/sqlite/database.ts";
import { LONGEST_QUIET } from "../server-soak/at-rest.ts";
import { soakDevice, type SoakDevice } from "../server-soak/soak-device.ts";
import { checkConversation, type Said } from "./check.ts";
import { crashingServer, type Strike } from "./crashing-server.ts";

/** Where something happens: in whose store, and at which of its steps. */
export interface FaultPoint extends Strike {
  readonly whose: "server" | "alice" | "bob";
}

export interface Told {
  /** The story came to that point. */
  readonly isStruck: boolean;
  /** So many steps each store was asked in it. */
  readonly steps: Readonly<Record<FaultPoint["whose"], number>>;
}

const ROOM = "room:ops";
/** Milliseconds until what was refused is asked for again. */
const AGAIN = 20;
/** Who came by a Welcome makes fresh keys within the minute, by chance: here only when the story is over, so that each commit is one that was meant. */
const LATE = () => 0.8 + Math.random() / 5;

/**
 * A short conversation of three people through the real server: they meet, a room is made, two are invited, three messages go each way,
 * one is removed, two messages more. At one point the process of one of them ends, or its disk fails once; who has died comes
 * back at once. The story goes on to its end, and then everybody has all that was said while they were in, once, and no more.
 * Throws what is wrong, with the point.
 */
export async function tellStory(point: FaultPoint | null): Promise<Told> {
  const late = Promise.withResolvers<never>();
  // Where nothing waits for it, it is nobody's.
  late.promise.catch(() => {});
  const deadline = setTimeout(() => void tooLate(), LONGEST_QUIET);
  const failures: unknown[] = [];
  const said: Said[] = [];
  const devices: SoakDevice[] = [];
  let news = Promise.withResolvers<void>();
  /** Somebody's process ends. */
  let crash = Promise.withResolvers<null>();
  let [doing, isStruck] = ["", false];
  const server = await crashingServer(point?.whose === "server" ? point : null, crashed);
  try {
    const alice = await arrive("alice");
    const bob = await arrive("bob");
    const carol = await arrive("carol");
    await reach(
      "a room",
      async () => await isIn(alice, ROOM, 1),
      async () => await alice.runtime.createRoom("ops", "invite"),
    );
    for (const [count, name] of [
      [2, "bob"],
      [3, "carol"],
    ] as const)
      await reach(
        `${name} in the room`,
        async () => await all((one) => isIn(one, ROOM, count), alice, ...(count === 2 ? [bob] : [bob, carol])),
        async () => await alice.runtime.invite(ROOM, name),
      );
    for (let round = 1; round <= 3; round += 1) {
      await say(alice, `${round} of alice`, [bob, carol]);
      await say(bob, `${round} of bob`, [alice, carol]);
    }
    await reach(
      "carol out of the room",
      async () => (await all((one) => isIn(one, ROOM, 2), alice, bob)) && (await isOut(carol)),
      async () => await carol.runtime.leave(ROOM),
    );
    await say(alice, "alice, without carol", [bob]);
    await say(bob, "bob, without carol", [alice]);
    server.disarm();
    for (const device of devices) {
      device.crashAfter(Infinity);
      device.failAfter(Infinity);
    }
    await reach("all at rest", async () => await isAtRest(devices));
    await checkConversation({
      server,
      conversation: EVERYONE,
      devices,
      said: [],
      rosters: [["alice"], ["alice", "bob"], ["alice", "bob", "carol"]],
    });
    await checkConversation({
      server,
      conversation: ROOM,
      devices,
      said,
      rosters: [["alice"], ["alice", "bob"], ["alice", "bob", "carol"], ["alice", "bob"]],
    });
    return {
      isStruck: isStruck || server.isStruck,
      steps: { server: server.steps, alice: alice.statements, bob: bob.statements },
    };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`${JSON.stringify(point)}, ${doing}: ${why}`, { cause: error });
  } finally {
    clearTimeout(deadline);
    for (const device of devices) await device.remove();
    await server.end();
  }

  async function arrive(name: string): Promise<SoakDevice> {
    const device = soakDevice(name, server.port, (error) => failed(error), hear, { random: LATE, onCrash: crashed });
    devices.push(device);
    if (point?.whose === name && point.how === "dies") device.crashAfter(point.at - 1);
    if (point?.whose === name && point.how === "fails") device.failAfter(point.at - 1);
    await reach(
      `${name} in #everyone`,
      async () => await all((one) => isIn(one, EVERYONE, devices.length), ...devices),
    );
    return device;
  }

  /** Says it, and waits until all have it. What was acknowledged is written. */
  async function say(by: SoakDevice, text: string, others: readonly SoakDevice[]): Promise<void> {
    const record: Said = { by: by.name, text, id: null };
    said.push(record);
    const isKept = async () => (await by.texts(ROOM)).has(text);
    await reach(`"${text}" written`, isKept, async () => {
      const shown = (await (await by.runtime.session(ROOM))?.look())?.people ?? [];
      // What is acknowledged now is held against what is there in the end.
      record.id = (await by.runtime.write(ROOM, Buffer.from(text), shown)) ?? record.id;
      return null;
    });
    const hasIt = async (one: SoakDevice) =>
      (await one.history(ROOM)).some(({ entry }) => entry.kind === "message" && entry.text === text);
    await reach(`"${text}" heard`, async () => await all(hasIt, by, ...others));
  }

  /** Until it is so: does what leads there, again as long as it was refused or failed, and brings back who has died. */
  async function reach(what: string, isThere: () => Promise<boolean>, action?: () => Promise<unknown>): Promise<void> {
    doing = what;
    deadline.refresh();
    let isDone = action === undefined;
    for (;;) {
      const next = news.promise;
      if (failures.length > 0) throw failures[0];
      await mend();
      if ((await attempt(isThere)) === true) return;
      if (!isDone && action !== undefined) isDone = isAccepted(await attempt(action));
      if ((await attempt(isThere)) === true) return;
      await Promise.race([next, late.promise, ...(isDone ? [] : [again()])]);
    }
  }

  async function mend(): Promise<void> {
    if (server.hasCrashed) await server.restart();
    for (const device of devices) {
      isStruck ||= device.hasCrashed || device.hasFailed;
      if (!device.hasCrashed) continue;
      await device.stop();
      device.start();
    }
  }

  /** Null: it failed for what happened at the point, or nobody is there any more who could say. */
  async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
    if (server.hasCrashed || devices.some(({ hasCrashed }) => hasCrashed)) return null;
    try {
      return await Promise.race([work(), crash.promise, late.promise]);
    } catch (error) {
      if (!isExpected(error)) throw error;
      return null;
    }
  }

  function crashed(): void {
    const { resolve } = crash;
    crash = Promise.withResolvers();
    resolve(null);
    wake();
  }

  function failed(error: unknown): void {
    if (isExpected(error)) wake();
    else failures.push(error);
  }

  function hear({ kind }: RuntimeEvent): void {
    // What comes again and again while nothing changes, such as another connection, is no progress.
    if (kind === "group") deadline.refresh();
    wake();
  }

  async function tooLate(): Promise<void> {
    const reports = await Promise.all(devices.map(async (device) => await device.report()));
    late.reject(new Error(["it never came to that", ...reports].join("\n")));
  }

  function wake(): void {
    const { resolve } = news;
    news = Promise.withResolvers();
    resolve();
  }
}

async function again(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, AGAIN));
}

function isExpected(error: unknown): boolean {
  return error instanceof Fault || (error instanceof AgentStoreError && error.code === "full");
}

/** What is kept is done by itself, whatever comes. */
function isAccepted(outcome: unknown): boolean {
  if (typeof outcome !== "object" || outcome === null || !("kind" in outcome)) return false;
  return (
    outcome.kind === "made" ||
    outcome.kind === "left" ||
    outcome.kind === "pending" ||
    outcome.kind === "done" ||
    outcome.kind === "unsettled"
  );
}

async function isIn({ runtime }: SoakDevice, conversation: string, count: number): Promise<boolean> {
  const view = await (await runtime.session(conversation))?.look();
  return view?.row.status === "active" && view.members.length === count;
}

async function isOut({ runtime }: SoakDevice): Promise<boolean> {
  return (await (await runtime.session(ROOM))?.look())?.row.status === "removed";
}

/** All are back, and have nothing to send. */
async function isAtRest(devices: readonly SoakDevice[]): Promise<boolean> {
  return await all(
    async (one) => (await isIn(one, EVERYONE, devices.length)) && (await one.waiting()) === 0,
    ...devices,
  );
}

async function all(is: (device: SoakDevice) => Promise<boolean>, ...devices: readonly SoakDevice[]): Promise<boolean> {
  return (await Promise.all(devices.map(is))).every(Boolean);
}
