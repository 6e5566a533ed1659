import { randomBytes } from "node:crypto";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import type { Group } from "../../src/mls/group-engine.ts";
import { OPEN } from "../../test/mls/people.ts";
import type { Commits, SealedOrder } from "../orders.ts";
import { median } from "../statistics.ts";
import { arrive, packageMaker, type Device } from "./devices.ts";

/**
 * One member's commits with fresh keys, and others who come in by external commits, from its making (or from asking for the turn) to the
 * server's answer; and the part of it that is the engine's own. All other members are there and hear it.
 */
export async function commits({
  port,
  devices,
  repetitions,
}: Extract<SealedOrder, { kind: "commits" }>): Promise<Commits> {
  const people: Device[] = [];
  while (people.length < devices + repetitions) {
    const left = Math.min(ABREAST, devices + repetitions - people.length);
    const names = Array.from({ length: left }, (_, i) => people.length + i);
    people.push(...(await Promise.all(names.map((nth) => arrive(port, `m${devices}-${nth}`)))));
  }
  const [maker] = people;
  if (maker === undefined) throw new Error("nobody is there");
  const engine = createGroupEngine({ seed: maker.key.seed, record: maker.record });
  const group = randomBytes(16).toString("base64url");
  const room = engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await maker.get("create-group", { group, place: { kind: "room", name: `c${devices}` }, groupInfo: room.info() });
  await addOthers(maker, room, group, people.slice(1, devices));
  for (const { events } of people.slice(1, devices)) events.onFrame = null;
  const [updates, joins] = [
    { through: [] as number[], alone: [] as number[] },
    { through: [] as number[], alone: [] as number[] },
  ];
  for (let nth = 0; nth < repetitions; nth += 1) {
    const start = performance.now();
    const { epoch } = room;
    const made = room.commitUpdate();
    const own = performance.now() - start;
    await maker.get("commit", { group, request: newId(), epoch, ...pick(made), welcome: null });
    updates.through.push(performance.now() - start);
    const applying = performance.now();
    room.apply();
    updates.alone.push(own + performance.now() - applying);
  }
  for (const one of people.slice(devices)) {
    const joined = await joinOnce(one, group);
    joins.through.push(joined.through);
    joins.alone.push(joined.alone);
    room.process(joined.commit);
  }
  for (const { socket, events } of people) {
    events.onClose = () => {};
    socket.destroy();
  }
  engine.close();
  const both = (times: typeof updates) => ({ through: median(times.through), alone: median(times.alone) });
  return { commit: both(updates), join: both(joins) };
}

async function joinOnce(one: Device, group: string) {
  const engine = createGroupEngine({ seed: one.key.seed, record: one.record });
  const start = performance.now();
  await one.get("ask-turn", { group, orAdded: false });
  const { epoch, groupInfo } = await one.get("read-group-info", { group });
  const joining = performance.now();
  const joined = await engine.joinExternal(groupInfo);
  const alone = performance.now() - joining;
  await one.get("commit", { group, request: newId(), epoch, ...pick(joined), welcome: null });
  const through = performance.now() - start;
  engine.close();
  return { through, alone, commit: joined.commit };
}

async function addOthers(maker: Device, room: Group, group: string, others: readonly Device[]): Promise<void> {
  const offer = packageMaker();
  for (const one of others) {
    await one.get("publish-packages", { packages: [offer(one)], lastResort: null, replace: false });
  }
  for (let at = 0; at < others.length; at += MOST_ADDED) {
    const of = others.slice(at, at + MOST_ADDED).map(({ id }) => id);
    const { packages } = await maker.get("take-packages", { group, of });
    const { epoch } = room;
    const made = room.commitAdd(
      packages.map(({ keyPackage }) => keyPackage),
      Math.floor(Date.now() / 1000),
    );
    await maker.get("commit", { group, request: newId(), epoch, ...pick(made), welcome: made.welcome });
    room.apply();
  }
}

function pick({ commit, groupInfo }: { readonly commit: Uint8Array; readonly groupInfo: Uint8Array }) {
  return { commit, groupInfo };
}

function newId(): string {
  return randomBytes(16).toString("base64url");
}

const ABREAST = 16;
const MOST_ADDED = 64;
