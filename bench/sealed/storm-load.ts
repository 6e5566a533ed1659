import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import type { Group } from "../../src/mls/group-engine.ts";
import type { Push } from "../../src/wire/frames/pushes.ts";
import { OPEN } from "../../test/mls/people.ts";
import type { Paced, SealedOrder, Storm } from "../orders.ts";
import { percentile } from "../statistics.ts";
import { arrive, packageMaker, type Device } from "./devices.ts";

/** A room with its maker, who has an engine and is the member that can add others, and with somebody who writes. */
interface Stormed {
  readonly group: string;
  readonly maker: Device;
  readonly writer: Device;
  readonly room: Group;
  epoch: number;
  commits: number;
  /** Of the writer. */
  messages: number;
}

/**
 * All devices are connected and have left a key package; then all ask for the turn in one moment. Who gets it comes in by a real
 * external commit, who is added fetches its Welcome: opening it is each device's own work, which elsewhere is done on as many machines.
 */
export async function storm({ port, devices, batches }: Extract<SealedOrder, { kind: "storm" }>): Promise<Storm> {
  const maker = await arrive(port, `maker${batches}`, batches ? ["joiners"] : []);
  const writer = await arrive(port, `writer${batches}`);
  const crowd: Device[] = [];
  while (crowd.length < devices) {
    const names = Array.from({ length: Math.min(ABREAST, devices - crowd.length) }, (_, i) => crowd.length + i);
    crowd.push(...(await Promise.all(names.map((nth) => arrive(port, `storm${batches}${nth}`)))));
  }
  const offer = packageMaker();
  for (const one of crowd) {
    await one.get("publish-packages", { packages: [offer(one)], lastResort: null, replace: false });
  }
  const engine = createGroupEngine({ seed: maker.key.seed, record: maker.record });
  const group = randomBytes(16).toString("base64url");
  const room = engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await maker.get("create-group", { group, place: { kind: "room", name: `s${batches}` }, groupInfo: room.info() });
  const stormed: Stormed = { group, maker, writer, room, epoch: 0, commits: 0, messages: 0 };
  follow(stormed);
  await joinAlone(stormed, writer);
  const quiet = await talk(stormed, delay(QUIET));
  const commitsBefore = stormed.commits;
  const start = performance.now();
  const all = Promise.all(crowd.map(async (one) => await comeIn(stormed, one)));
  const during = await talk(stormed, all);
  const took = performance.now() - start;
  for (const { socket, events } of [maker, writer, ...crowd]) {
    events.onClose = () => {};
    socket.destroy();
  }
  engine.close();
  return { quiet, during, took, commits: stormed.commits - commitsBefore };
}

/** The maker's group goes on with the log, and adds whom the server names. */
function follow(stormed: Stormed): void {
  const { maker, room } = stormed;
  maker.heard = (push: Push) => {
    if (push.type === "entry" && push.entry.kind === "commit") {
      room.process(push.entry.bytes);
      stormed.epoch = room.epoch;
      stormed.commits += 1;
    }
    if (push.type === "joiners") void addAll(stormed, push.devices);
  };
}

async function addAll(stormed: Stormed, of: string[]): Promise<void> {
  const { maker, group, room } = stormed;
  const { packages } = await maker.get("take-packages", { group, of });
  const { epoch } = room;
  const made = room.commitAdd(
    packages.map(({ keyPackage }) => keyPackage),
    Math.floor(Date.now() / 1000),
  );
  const { commit, welcome, groupInfo } = made;
  const body = { group, request: randomBytes(16).toString("base64url"), epoch, commit, welcome, groupInfo };
  await maker.get("commit", body);
  room.apply();
  stormed.epoch = room.epoch;
  stormed.commits += 1;
}

async function comeIn(stormed: Stormed, one: Device): Promise<void> {
  const { group } = stormed;
  const told = Promise.withResolvers<"turn" | "welcome">();
  one.heard = (push) => {
    if (push.type === "turn") told.resolve("turn");
    if (push.type === "group" && push.group.welcome) told.resolve("welcome");
  };
  const { granted } = await one.get("ask-turn", { group, orAdded: true });
  const how = granted ? "turn" : await told.promise;
  if (how === "turn") await joinAlone(stormed, one);
  else {
    await one.get("read-welcome", { group });
    await one.get("welcome-done", { group });
  }
  one.heard = null;
  // From here on it only listens.
  one.events.onFrame = null;
}

async function joinAlone({ group }: Stormed, one: Device): Promise<void> {
  const engine = createGroupEngine({ seed: one.key.seed, record: one.record });
  for (;;) {
    const { epoch, groupInfo } = await one.get("read-group-info", { group });
    const joined = await engine.joinExternal(groupInfo);
    const request = randomBytes(16).toString("base64url");
    const body = { group, request, epoch, commit: joined.commit, welcome: null, groupInfo: joined.groupInfo };
    const answer = await one.ask("commit", body);
    if (typeof answer !== "string") break;
    if (answer !== "stale-epoch" && answer !== "not-your-turn") throw new Error(`a join was refused: ${answer}`);
    await one.get("ask-turn", { group, orAdded: false });
  }
  engine.close();
}

const SEALED = new Uint8Array(400);
/** The writer writes some messages a second until `end`; a message that comes too late for its epoch is sent again for the next. */
async function talk(stormed: Stormed, end: Promise<unknown>): Promise<Paced> {
  const { writer, group } = stormed;
  const ended = end.then(() => true);
  const latencies: number[] = [];
  let isOver = false;
  while (!isOver) {
    const start = performance.now();
    const counter = (stormed.messages += 1);
    const message = randomBytes(16).toString("base64url");
    for (;;) {
      const { epoch } = stormed;
      const answer = await writer.ask("send", { group, epoch, counter, message, bytes: SEALED });
      if (typeof answer !== "string") break;
      if (answer !== "stale-epoch") throw new Error(`a message was refused: ${answer}`);
      // What the maker hears, the writer would.
      if (stormed.epoch === epoch) await delay(1);
    }
    latencies.push(performance.now() - start);
    isOver = await Promise.race([ended, delay(BETWEEN).then(() => false)]);
  }
  const all = Float64Array.from(latencies);
  return { p50: percentile(all, 50), p99: percentile(all, 99) };
}

const ABREAST = 16;
/** Milliseconds. */
const QUIET = 4_000;
const BETWEEN = 20;
