import type { DeliveryService } from "../../src/agent/group-sessions/ports.ts";
import type { GroupStatus, OutboxRow } from "../../src/agent/storage/kept.ts";
import { Fault } from "../../src/agent/storage/sqlite/database.ts";
import type { Group } from "../../src/mls/group-engine.ts";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import { hex, outgoing, testDevice } from "./device.ts";
import type { TestDevice } from "./device.ts";
import { idealLog } from "./ideal-log.ts";
import { overriding } from "./overriding.ts";
import { checkSoak } from "./soak-checks.ts";
import type { Soak } from "./soak-checks.ts";
import { randomFrom } from "../helpers/random-from.ts";

/** What a run has done, so that a reader sees that it did something. */
export type SoakFigures = Record<
  | "steps"
  | "messages"
  | "commits"
  | "crashes"
  | "keptIntents"
  | "restarts"
  | "resyncs"
  | "lostRequests"
  | "lostAnswers"
  | "epochs",
  number
>;

const PEOPLE = 4;
const DEVICES = 6;
const MOST_LOSSES = 0.08;

/**
 * Random operations by devices with real stores and engines on an ideal log behind a bad network: writing, adding, removing, joining,
 * renewing, falling behind; two or three at once; each may end at any statement of its store. Now and then a commit loses its race while its process
 * ends. In the end all is brought
 * together and held against what the log has. Throws what is wrong, with the seed.
 */
export async function soak(seed: number, steps: number): Promise<SoakFigures> {
  const random = randomFrom(seed);
  const figures: SoakFigures = {
    steps,
    messages: 0,
    commits: 0,
    crashes: 0,
    keptIntents: 0,
    restarts: 0,
    resyncs: 0,
    lostRequests: 0,
    lostAnswers: 0,
    epochs: 0,
  };
  const log = idealLog();
  const group = new Uint8Array(16).fill(seed % 256);
  const written: { device: TestDevice; message: OutboxRow }[] = [];
  const keysUsed = keyWatch();
  let losses = MOST_LOSSES;
  const userKeys = Array.from({ length: PEOPLE }, () => newSigningKey());
  const devices: TestDevice[] = [];
  /** Who acts in the present step. */
  let chosen: ReadonlySet<TestDevice> = new Set();
  for (let index = 0; index < DEVICES; index += 1) {
    const person = index % PEOPLE;
    const userKey = userKeys[person];
    if (userKey === undefined) throw new Error("no user key");
    const device = await testDevice({ log, identity: String(1000 + person), userKey, random, wrap: keysUsed.wrap });
    device.service = unreliable(device.service);
    devices.push(device);
  }

  try {
    const [first] = devices;
    if (first === undefined) throw new Error("no devices");
    await first.create(group);
    while ((await first.session(group).advance()).kind !== "idle");
    for (let step = 0; step < steps; step += 1) {
      const most = 1 + Math.floor(random() * 3);
      chosen = new Set(devices.filter(() => random() < 0.5).slice(0, most));
      const done = await Promise.allSettled([...chosen].map(async (device) => await act(device)));
      for (const outcome of done) if (outcome.status === "rejected") throw outcome.reason;
      if (random() < 0.1) await loseAndEnd();
    }
    await settle();
    const whole: Soak = { group, log, devices, written };
    await checkSoak(whole);
    figures.epochs = log.entries(group).filter(({ kind }) => kind === "commit").length;
    return figures;
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, {
      cause: error,
    });
  } finally {
    for (const device of devices) device.close();
  }

  /** One thing that a device does; a process that ended on the way is started again. */
  async function act(device: TestDevice): Promise<void> {
    if (random() < 0.25) device.endAfter(Math.floor(random() * 60));
    try {
      await operate(device);
      device.endAfter(Infinity);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      figures.crashes += 1;
      await device.restart();
    }
  }

  async function operate(device: TestDevice): Promise<void> {
    const chance = random();
    await device.takeWelcomes();
    const row = (await device.store.load()).groups[0];
    if (row === undefined || row.status === "removed") {
      if (chance < 0.3) await enter(device);
      return;
    }
    const session = device.session(group);
    for (const entry of log.entries(group)) if (random() < 0.2) session.offer(entry);
    if (chance < 0.35) await write(device);
    else if (chance < 0.55) await session.advance();
    else if (chance < 0.6) await session.commit({ kind: "update" }).then(count);
    else if (chance < 0.7) await add(device);
    else if (chance < 0.75) await remove(device);
    else if (chance < 0.8) await reload(device);
    else if (chance < 0.84) fallBehind();
    else await writeAndSend(device);
  }

  async function write(device: TestDevice): Promise<void> {
    const message = outgoing(`${seed} ${written.length} by ${hex(device.id).slice(0, 4)}`);
    const session = device.session(group);
    const { people } = await session.look();
    await session.write(message, random() < 0.8 ? people : []);
    written.push({ device, message });
    figures.messages += 1;
  }

  async function writeAndSend(device: TestDevice): Promise<void> {
    for (let left = 3; left > 0; left -= 1) await write(device);
    await device.session(group).advance();
  }

  async function add(device: TestDevice): Promise<void> {
    // What the server would have of them already.
    const others = devices.filter((other) => !chosen.has(other) && random() < 0.5);
    const packages = await Promise.all(
      others.map(async (other) => ({ deviceId: other.id, keyPackage: await other.keyPackage() })),
    );
    await device.session(group).commit({ kind: "add", devices: packages }).then(count);
  }

  async function remove(device: TestDevice): Promise<void> {
    const others = devices.filter((other) => other !== device && random() < 0.3).map(({ id }) => id);
    await device.session(group).commit({ kind: "remove", devices: others }).then(count);
  }

  /** A commit loses its race, and its process ends somewhere on the way: once it was kept, what it was to do is done (SEALED.md 12). */
  async function loseAndEnd(): Promise<void> {
    losses = 0;
    const members: TestDevice[] = [];
    for (const device of devices) if ((await goOn(device)) === "active") members.push(device);
    const [by, other, third] = shuffled(members);
    const absent = devices.find((device) => !members.includes(device));
    if (by !== undefined && other !== undefined && (third ?? absent) !== undefined) {
      const isAdd = third === undefined || (absent !== undefined && random() < 0.5);
      const target = isAdd ? absent! : third;
      const added = [{ deviceId: target.id, keyPackage: await target.keyPackage() }];
      by.endAfter(Math.floor(random() * 50));
      await by
        .session(group)
        .commit(isAdd ? { kind: "add", devices: added } : { kind: "remove", devices: [target.id] })
        .catch((error: unknown) => {
          if (!(error instanceof Fault)) throw error;
          figures.crashes += 1;
        });
      await other.session(group).commit({ kind: "update" });
      await by.restart();
      const kept = (await by.store.group(group))?.intent ?? null;
      await goOn(by);
      const { members: there } = await by.session(group).look();
      const isThere = there.some(({ deviceId }) => hex(deviceId) === hex(target.id));
      if (kept !== null) figures.keptIntents += 1;
      if (kept !== null && isThere !== isAdd) throw new Error(`what was kept (${kept.intent.kind}) was not done`);
    }
    losses = MOST_LOSSES;
  }

  async function enter(device: TestDevice): Promise<void> {
    if (log.entries(group).length === 0) return;
    losses = 0;
    await device.enter(group);
    losses = MOST_LOSSES;
    await device.session(group).advance();
  }

  async function reload(device: TestDevice): Promise<void> {
    await device.restart();
    figures.restarts += 1;
  }

  /** What is older than the middle of the log is kept no longer. */
  function fallBehind(): void {
    log.forget(group, Math.floor(log.entries(group).length * (0.5 + random() / 2)));
    figures.resyncs += 1;
  }

  function count({ kind }: { readonly kind: string }): void {
    if (kind === "done") figures.commits += 1;
  }

  /** Everybody comes back, sees everybody, and goes on until nothing more happens. */
  async function settle(): Promise<void> {
    losses = 0;
    for (const device of devices) await device.restart();
    let before = -1;
    while (before !== log.entries(group).length) {
      before = log.entries(group).length;
      for (const device of devices) await goOn(device);
    }
    for (const device of devices) {
      const kept = await device.store.group(group);
      if (kept?.row.status === "active" && (kept.intent ?? kept.request) !== null)
        throw new Error("something is left to do");
    }
  }

  /** Until nothing more is to be done, whoever came in being seen. */
  async function goOn(device: TestDevice): Promise<GroupStatus | null> {
    await device.takeWelcomes();
    const row = (await device.store.load()).groups[0];
    if (row === undefined || row.status === "removed") return row?.status ?? null;
    const session = device.session(group);
    for (let turns = 0; ; turns += 1) {
      const standing = await session.advance();
      if (turns > 50)
        throw new Error(`${JSON.stringify(standing)} for ever: ${JSON.stringify((await session.look()).row)}`);
      if (standing.kind === "held") await session.showReaders((await session.look()).people);
      else if (standing.kind !== "busy") return (await session.look()).row.status;
    }
  }

  function shuffled<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: random() }));
    return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item);
  }

  async function lose<T extends { readonly kind: string }>(
    ask: () => Promise<T>,
  ): Promise<T | { readonly kind: "offline" }> {
    if (random() < losses) {
      figures.lostRequests += 1;
      return { kind: "offline" };
    }
    const answer = await ask();
    if (random() < losses) {
      figures.lostAnswers += 1;
      return { kind: "offline" };
    }
    return answer;
  }

  function unreliable(service: DeliveryService): DeliveryService {
    return {
      read: async (id, after) => await lose(async () => await service.read(id, after)),
      send: async (message) => {
        keysUsed.left(message.bytes);
        return await lose(async () => await service.send(message));
      },
      commit: async (id, request) => await lose(async () => await service.commit(id, request)),
      joinInfo: async (id) => await lose(async () => await service.joinInfo(id)),
      reportInvalid: async (id, number) => {
        await service.reportInvalid(id, number);
      },
    };
  }
}

/** That no two different messages leave under one key of the ratchet: (group, epoch, leaf, generation), SEALED.md 19. */
function keyWatch() {
  const keyOf = new Map<string, string>();
  const used = new Map<string, string>();
  return {
    wrap: (group: Group): Group =>
      overriding(group, {
        seal(...args) {
          const sealed = group.seal(...args);
          keyOf.set(hex(sealed.message), `${hex(group.id)} ${sealed.epoch} ${group.leaf} ${sealed.generation}`);
          return sealed;
        },
      }),
    left(bytes: Uint8Array): void {
      const message = hex(bytes);
      const key = keyOf.get(message);
      if (key === undefined) throw new Error("a message left that nobody sealed");
      if ((used.get(key) ?? message) !== message) throw new Error(`two messages left under one key: ${key}`);
      used.set(key, message);
    },
  };
}
