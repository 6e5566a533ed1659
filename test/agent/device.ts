import { randomBytes } from "node:crypto";
import type { GroupEvent } from "../../src/agent/group-sessions/events.ts";
import { knownPeople } from "../../src/agent/device/known-people.ts";
import type { KnownPeople } from "../../src/agent/device/known-people.ts";
import { createGroup, joinByWelcome, joinExternally, judgeWelcome } from "../../src/agent/group-sessions/join.ts";
import { freshKeyPackage } from "../../src/agent/group-sessions/key-packages.ts";
import type { DeliveryService, System, Trust } from "../../src/agent/group-sessions/ports.ts";
import { groupSession } from "../../src/agent/group-sessions/session.ts";
import type { GroupSession } from "../../src/agent/group-sessions/session.ts";
import { AgentStoreError } from "../../src/agent/storage/errors.ts";
import type { GroupRow, HistoryRow } from "../../src/agent/storage/kept.ts";
import type { AgentStore } from "../../src/agent/storage/ports.ts";
import { Fault, openDatabase } from "../../src/agent/storage/sqlite/database.ts";
import type { Database } from "../../src/agent/storage/sqlite/database.ts";
import { storeInThisThread } from "../../src/agent/storage/sqlite/store.ts";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import type { Group, GroupEngine } from "../../src/mls/group-engine.ts";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import type { SigningKey } from "../../src/mls/identity/ed25519.ts";
import { whoKey } from "../../src/mls/identity/who.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import type { RoomPolicy } from "../../src/mls/room-policy.ts";
import { deviceScratch } from "./device-scratch.ts";
import type { DeviceScratch } from "./device-scratch.ts";
import { overriding } from "./overriding.ts";
import type { IdealLog } from "./ideal-log.ts";
import { hex } from "../../src/agent/storage/hex.ts";

const openRoom: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };
const conversation = "#ops";
const serverId = new Uint8Array(16).fill(0xee);

/** A device with its real store and engine, on an ideal log. It can be ended at any statement of its store, and started again. */
export interface TestDevice {
  readonly id: Uint8Array;
  readonly who: string;
  readonly scratch: DeviceScratch;
  readonly clock: { now: number };
  /** What `trust.blocks` says of somebody. */
  readonly blocked: Map<string, "changed-key" | "remapped-name">;
  readonly events: GroupEvent[];
  readonly store: AgentStore;
  readonly engine: GroupEngine;
  /** Its network: replaced by a test that wants to hear or break it. */
  service: DeliveryService;
  create(group: Uint8Array, policy?: RoomPolicy): Promise<GroupSession>;
  /** Takes every Welcome that waits. */
  takeWelcomes(): Promise<void>;
  enter(group: Uint8Array): Promise<GroupSession>;
  session(group: Uint8Array): GroupSession;
  /** A fresh key package's bytes, its secret kept. */
  keyPackage(): Promise<Uint8Array>;
  history(): Promise<readonly HistoryRow[]>;
  /** After so many statements of the store from now the process ends; `Infinity` for never. */
  endAfter(statements: number): void;
  /** After so many statements one fails, as on a full disk. */
  failAfter(statements: number): void;
  /** Ends it, if it hasn't ended, and starts it again from the disk. */
  restart(): Promise<void>;
  close(): void;
}

export interface DeviceOptions {
  readonly log: IdealLog;
  readonly identity: string;
  readonly userKey?: SigningKey;
  readonly random?: () => number;
  /** Sees each group that the engine gives. */
  readonly wrap?: (group: Group) => Group;
}

export async function testDevice(options: DeviceOptions): Promise<TestDevice> {
  const { log, identity, userKey = newSigningKey(), random = Math.random, wrap = (group: Group) => group } = options;
  const scratch = deviceScratch();
  const key = newSigningKey();
  const id = Uint8Array.from(randomBytes(16));
  const who: Who = { server: serverId, kind: "person", identity };
  const record = signRecord(
    { ...who, label: "", deviceId: id, deviceLabel: "", node: "", notAfter: 0n },
    userKey,
    key.publicKey,
  );
  const clock = { now: 1_800_000_000_000 };
  const blocked: TestDevice["blocked"] = new Map();
  const events: GroupEvent[] = [];
  let [countdown, failing] = [Infinity, Infinity];
  const faultPoint = (statement: string) => {
    if (countdown <= 0) {
      // It stays so until it is started again.
      countdown = -1;
      throw new Fault(statement);
    }
    countdown -= 1;
    if (statement !== "ROLLBACK") failing -= 1;
    if (failing >= 0) return;
    failing = Infinity;
    throw new AgentStoreError("full", statement);
  };
  const system: System = {
    now: () => clock.now,
    random,
    randomBytes: (length) => Uint8Array.from(randomBytes(length)),
    // Whoever waits lets the others go on.
    wait: async () => await new Promise((resolve) => setImmediate(resolve)),
  };
  let database: Database;
  let store: AgentStore;
  let engine: GroupEngine;
  let people: KnownPeople;
  let sessions = new Map<string, GroupSession>();

  const device: TestDevice = {
    id,
    who: whoKey(who),
    scratch,
    clock,
    blocked,
    events,
    service: log.service(id),
    get store() {
      return store;
    },
    get engine() {
      return engine;
    },
    async create(group, policy = openRoom) {
      await store.commit(createGroup({ engine, system }, { group, conversation, policy }));
      return device.session(group);
    },
    async takeWelcomes() {
      const waiting = log.welcomes(id);
      for (const welcome of waiting.slice()) {
        let verdict = judgeWelcome(await rowOf(welcome.group), welcome.number);
        if (verdict === "catch-up") {
          await device.session(welcome.group).advance();
          verdict = judgeWelcome(await rowOf(welcome.group), welcome.number);
        }
        // Nobody answered; it stays for the next time.
        if (verdict === "catch-up") return;
        const own = verdict === "take" ? await ownPackage(welcome.welcome) : null;
        if (own !== null) {
          await store.commit(await joinByWelcome({ engine, system }, { ...welcome, ...own, conversation }));
          await forgetSession(welcome.group);
        }
        waiting.splice(waiting.indexOf(welcome), 1);
      }
    },
    async enter(group) {
      const row = await rowOf(group);
      const joinInfo = await device.service.joinInfo(group);
      if (joinInfo.kind !== "join-info") throw new Error(joinInfo.kind);
      await store.commit(
        await joinExternally({ engine, system }, { group, conversation, row, abandoned: null, joinInfo }),
      );
      await forgetSession(group);
      return device.session(group);
    },
    session(group) {
      const found = sessions.get(hex(group));
      if (found !== undefined) return found;
      const made = groupSession(group, {
        store,
        engine,
        service: {
          read: async (...args) => await device.service.read(...args),
          send: async (...args) => await device.service.send(...args),
          commit: async (...args) => await device.service.commit(...args),
          joinInfo: async (...args) => await device.service.joinInfo(...args),
          reportInvalid: async (...args) => {
            await device.service.reportInvalid(...args);
          },
        },
        trust: overriding<Trust>(people, {
          blocks: (shown) => blocked.get(whoKey(shown.identity)) ?? people.blocks(shown),
        }),
        system,
        ownDevice: id,
        digest: (content) => ({ text: Buffer.from(content).toString(), amends: null }),
        onEvent: (event) => events.push(event),
      });
      sessions.set(hex(group), made);
      return made;
    },
    async keyPackage() {
      const { keyPackage, change } = freshKeyPackage(engine, clock.now, false);
      await store.commit([change]);
      return keyPackage;
    },
    history: async () => (await store.history(conversation, { before: null, limit: 1000 })).toReversed(),
    endAfter(count) {
      if (countdown >= 0) countdown = count;
    },
    failAfter(count) {
      failing = count;
    },
    async restart() {
      shut();
      start();
      await Promise.resolve();
    },
    close() {
      shut();
      scratch.remove();
    },
  };
  start();
  if ((await store!.load()).device === null)
    await store!.commit([{ kind: "device-made", device: { id, seed: key.seed, record } }]);
  return device;

  async function rowOf(group: Uint8Array): Promise<GroupRow | null> {
    return (await store.load()).groups.find((row) => Buffer.from(row.id).equals(group)) ?? null;
  }

  async function forgetSession(group: Uint8Array): Promise<void> {
    await sessions.get(hex(group))?.close();
    sessions.delete(hex(group));
  }

  async function ownPackage(welcome: Uint8Array) {
    for (const reference of engine.welcomeReferences(welcome)) {
      const found = await store.keyPackage(reference);
      if (found !== null) return found;
    }
    return null;
  }

  function start(): void {
    [countdown, failing] = [Infinity, Infinity];
    database = openDatabase(scratch, { faultPoint });
    store = storeInThisThread(database);
    people = knownPeople(database.load(), () => clock.now);
    engine = wrapped(createGroupEngine({ seed: key.seed, record }), wrap);
    sessions = new Map();
  }

  /** As the kernel does with a process: files are closed, what wasn't committed is gone. */
  function shut(): void {
    countdown = Infinity;
    database.close();
    engine.close();
  }
}

function wrapped(engine: GroupEngine, wrap: (group: Group) => Group): GroupEngine {
  return overriding(engine, {
    createGroup: (...args) => wrap(engine.createGroup(...args)),
    load: (...args) => wrap(engine.load(...args)),
    join: async (...args) => {
      const joined = await engine.join(...args);
      return { ...joined, group: wrap(joined.group) };
    },
    joinExternal: async (...args) => {
      const joined = await engine.joinExternal(...args);
      return { ...joined, group: wrap(joined.group) };
    },
  });
}

export { hex };

let messages = 0;

/** A message of its own, with nobody shown. */
export function outgoing(text: string) {
  messages += 1;
  return { messageId: Uint8Array.from(randomBytes(16)), content: Buffer.from(text), text, writtenAt: messages };
}

/** The texts of a device's messages, in its history's order. */
export async function textsOf(device: TestDevice): Promise<readonly string[]> {
  const rows = await device.history();
  return rows.flatMap(({ entry }) => (entry.kind === "message" ? [entry.text ?? ""] : []));
}
