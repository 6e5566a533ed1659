import { EVERYONE } from "../../../src/agent/delivery/places.ts";
import type { Hold } from "../../../src/agent/group-sessions/events.ts";
import { AgentStoreError } from "../../../src/agent/storage/errors.ts";
import { readVerifiedRecord } from "../../../src/mls/identity/device-record.ts";
import { randomFrom } from "../../helpers/random-from.ts";
import { hex } from "../device.ts";
import { killableServer } from "./server.ts";
import { soakDevice, type SoakDevice } from "./soak-device.ts";

/** What a run has done. */
export type DevicesSoakFigures = Record<
  "steps" | "messages" | "kills" | "crashes" | "confirmed" | "removed" | "bans" | "kicks" | "copies" | "rooms",
  number
>;

export interface DevicesSoakSize {
  readonly persons: number;
  /** Of each at most. */
  readonly devices: number;
}

/** A device, and what its person's others have done with it. */
interface Owned {
  readonly person: number;
  readonly device: SoakDevice;
  isConfirmed: boolean;
  isRemoved: boolean;
}

const ROOM = "room:ops";
/** For all to be at rest, milliseconds. */
const LONGEST = 90_000;

/**
 * Random operations by people with several devices each through the real server: they write, come and go, end at any statement of their store;
 * devices are added by code, removed with a new user key, copied and brought back; people are kicked, banned and let in again, join
 * and leave a room; the server is killed at any moment. In the end all come together: every device of everybody is in one state, has
 * what its own person and all others say from then on, and nothing twice; whoever was removed has none of it. Throws what is wrong, with the seed.
 */
export async function devicesSoak(seed: number, steps: number, size: DevicesSoakSize): Promise<DevicesSoakFigures> {
  const random = randomFrom(seed);
  const figures = {
    steps,
    messages: 0,
    kills: 0,
    crashes: 0,
    confirmed: 0,
    removed: 0,
    bans: 0,
    kicks: 0,
    copies: 0,
    rooms: 0,
  };
  const failures: unknown[] = [];
  const owned: Owned[] = [];
  const banned = new Set<number>();
  /** Who was out for a while. */
  const wereBanned = new Set<number>();
  /** Of whom there is a copy that wasn't brought back yet, with its user key; and those that have begun anew from one. */
  const kept = new Map<SoakDevice, string>();
  const copied = new Set<SoakDevice>();
  /** Who may have a new user key at any time: a removal has ended in the middle. */
  const rekeying = new Set<number>();
  /** What was done besides writing, for who looks for a cause. */
  const deeds: string[] = [];
  let attempts = 0;
  const server = await killableServer();
  try {
    for (let person = 0; person < size.persons; person += 1) owned.push(add(person, true));
    await settle();
    await first(0)?.runtime.createRoom("ops", "open");
    for (let step = 0; step < steps; step += 1) {
      await act();
      if (failures.length > 0) throw failures[0];
      if (random() < 0.4) await rest(random() * 80);
    }
    deeds.push("coming to rest");
    for (const person of banned) await moderate(person, "unban");
    banned.clear();
    for (const each of owned) await comeBack(each);
    await settle();
    await lastWords();
    return figures;
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`seed ${seed}: ${why}\n  after: ${deeds.join(", ")}`, { cause: error });
  } finally {
    for (const { device } of owned) await device.remove();
    await server.end();
  }

  function add(person: number, isConfirmed: boolean): Owned {
    const label = `${nameOf(person)} ${owned.length}`;
    return {
      person,
      device: soakDevice(nameOf(person), server.port, (error) => failures.push(error), undefined, { label }),
      isConfirmed,
      isRemoved: false,
    };
  }

  async function act(): Promise<void> {
    const each = pick(owned);
    if (each === undefined) return;
    const chance = random();
    if (chance < 0.03) {
      figures.kills += 1;
      deeds.push("kill");
      await server.killAndStart();
    } else if (chance < 0.13) await addDevice(each.person);
    else if (chance < 0.18) await removeDevice(each);
    else if (chance < 0.23) {
      if (each.device.isRunning) await each.device.stop();
      else await comeBack(each);
    } else if (chance < 0.27) {
      if (each.device.isRunning) each.device.crashAfter(Math.floor(random() * 80));
    } else if (chance < 0.33) await kickOrBan(each.person);
    else if (chance < 0.38) await copy(each);
    else if (chance < 0.43) await joinOrLeave(each);
    else if (!each.device.isRunning || each.device.hasCrashed) await comeBack(each);
    else await say(each, random() < 0.6 ? EVERYONE : ROOM);
  }

  /** A device more, which waits; or one that waits is confirmed by its code. */
  async function addDevice(person: number): Promise<void> {
    const theirs = owned.filter((each) => each.person === person && !each.isRemoved);
    const waiting = theirs.find(({ isConfirmed }) => !isConfirmed);
    if (waiting === undefined) {
      if (theirs.length < size.devices) owned.push(add(person, false));
    } else await confirm(waiting);
  }

  async function confirm(waiting: Owned): Promise<void> {
    const { standing } = waiting.device;
    if (standing.kind === "confirmed") waiting.isConfirmed = true;
    const by = first(waiting.person);
    if (standing.kind !== "pending" || by === undefined) return;
    const outcome = await tried(by, async () => await by.runtime.devices.confirm(standing.code));
    if (outcome?.kind !== "confirmed") return;
    waiting.isConfirmed = true;
    deeds.push(`confirmed ${numberOf(waiting)} of ${nameOf(waiting.person)}`);
    figures.confirmed += 1;
  }

  async function removeDevice(each: Owned): Promise<void> {
    const by = owned.find((other) => other.person === each.person && other !== each && isUp(other))?.device;
    const self = await each.device.runtime.self();
    if (by === undefined || self === null || !each.isConfirmed || each.isRemoved || kept.has(each.device)) return;
    // One that comes back from a copy can be given the new user key only when the server has it again.
    if (owned.some((other) => other.person === each.person && copied.has(other.device) && !isUp(other))) return;
    const outcome = await tried(
      by,
      async () => await by.runtime.removeDevices([Buffer.from(self.device.id).toString("base64url")]),
    );
    // What was kept goes on with the next connection.
    if (outcome === null || outcome.kind === "failed") {
      rekeying.add(each.person);
      return;
    }
    each.isRemoved = true;
    deeds.push(`removed ${numberOf(each)} of ${nameOf(each.person)}`);
    figures.removed += 1;
  }

  async function kickOrBan(person: number): Promise<void> {
    // The first one is the operator.
    if (person === 0) return;
    if (banned.has(person)) {
      if (await moderate(person, "unban")) banned.delete(person);
    } else if (random() < 0.5) {
      if (await moderate(person, "kick")) figures.kicks += 1;
    } else if (await moderate(person, "ban")) {
      banned.add(person);
      wereBanned.add(person);
      figures.bans += 1;
    }
  }

  async function moderate(person: number, how: "kick" | "ban" | "unban"): Promise<boolean> {
    const by = first(0);
    if (by === undefined) return false;
    const target = nameOf(person);
    const answer = await tried(
      by,
      async () => await by.runtime.client.request(how, how === "unban" ? { target } : { target, reason: null }),
    );
    if (answer?.kind !== "answered") return false;
    deeds.push(`${how} ${target}`);
    return true;
  }

  /**
   * A state of earlier comes back: the device is replaced by another one of the same person. Not one from before a new user key: what it
   * would sign is nobody's, and where no other device has the new key, its person is out until `pad devices reset`, which needs a tailnet.
   */
  async function copy(each: Owned): Promise<void> {
    if (!each.isConfirmed || each.isRemoved || rekeying.has(each.person)) return;
    const [before, key] = [kept.get(each.device), await userKeyOf(each.person)];
    const record = (await each.device.runtime.self())?.device.record;
    // Its own may be the former one still.
    if (key === null || record === undefined || userKeyIn(record) !== key) return;
    await each.device.stop();
    kept.delete(each.device);
    // Once: what was replaced is nobody's any more.
    if (before === key) {
      each.device.copyBack();
      copied.add(each.device);
      deeds.push(`copied back ${numberOf(each)} of ${nameOf(each.person)}`);
      figures.copies += 1;
    } else {
      each.device.copyAway();
      kept.set(each.device, key);
    }
    each.device.start();
  }

  /** As the server lists it; null: nobody is there who could ask. */
  async function userKeyOf(person: number): Promise<string | null> {
    const by = owned.find(isUp)?.device;
    if (by === undefined) return null;
    const answer = await tried(by, async () => await by.runtime.client.request("look-up", { name: nameOf(person) }));
    const listed = answer?.kind === "answered" ? answer.value.person?.devices[0] : undefined;
    return listed === undefined ? null : userKeyIn(listed.record);
  }

  async function joinOrLeave(each: Owned): Promise<void> {
    if (!isUp(each)) return;
    const { device } = each;
    const isIn = (await (await device.runtime.session(ROOM))?.look())?.row.status === "active";
    const done = await tried(device, async () =>
      isIn && random() < 0.3 ? await device.runtime.leave(ROOM) : await device.runtime.join("ops"),
    );
    if (done !== null && done.kind !== "failed") figures.rooms += 1;
  }

  async function say(each: Owned, conversation: string): Promise<string | null> {
    const { device } = each;
    attempts += 1;
    const text = `${seed}.${attempts} by ${nameOf(each.person)}`;
    const id = await tried(device, async () => {
      const people = (await (await device.runtime.session(conversation))?.look())?.people ?? [];
      return await device.runtime.write(conversation, Buffer.from(text), people);
    });
    if (id === null) return null;
    figures.messages += 1;
    return text;
  }

  async function comeBack(each: Owned): Promise<void> {
    const { device } = each;
    if (device.isRunning && !device.hasCrashed && device.runtime.client.state.kind !== "ended") {
      device.crashAfter(Infinity);
      return;
    }
    if (device.hasCrashed) figures.crashes += 1;
    const { state } = device.runtime.client;
    const ended = `${numberOf(each)} had ended: ${JSON.stringify(state)}`;
    // Whose store has ended in the middle can't prove what it is, and its client ends with that.
    if (state.kind === "ended" && !device.hasCrashed && deeds.at(-1) !== ended) deeds.push(ended);
    await device.stop();
    device.start();
  }

  /** Until every device that is to be in #everyone is, in one state, with nothing to send; whoever waits is confirmed. */
  async function settle(): Promise<void> {
    const until = Date.now() + LONGEST;
    let why = "";
    while (Date.now() < until) {
      await rest(150);
      if (failures.length > 0) throw failures[0];
      for (const each of owned) {
        if (
          !each.isRemoved &&
          (each.device.hasCrashed || !each.device.isRunning || each.device.runtime.client.state.kind === "ended")
        )
          await comeBack(each);
        if (!each.isRemoved && !each.isConfirmed) await confirm(each);
        if ((copied.has(each.device) || wereBanned.has(each.person)) && isUp(each)) await compare(each.device);
      }
      const restless = await unrest();
      if (restless === null) return;
      why = restless;
    }
    const devices = await Promise.all(owned.map(async (each) => `${numberOf(each)}: ${await lookOf(each)}`));
    throw new Error(`not at rest: ${why}\n  ${devices.join("\n  ")}`);
  }

  /** For who looks for a cause: a device's own id, and what it has in its group. */
  async function lookOf({ person, device, isConfirmed, isRemoved }: Owned): Promise<string> {
    const id = (await device.runtime.self())?.device.id;
    const view = await (await device.runtime.session(EVERYONE))?.look();
    return JSON.stringify({
      of: nameOf(person),
      device: id === undefined ? null : hex(id),
      isConfirmed,
      isRemoved,
      isCopied: copied.has(device),
      state: device.runtime.client.state,
      standing: device.standing.kind,
      status: view?.row.status,
      members: view?.members.map(({ deviceId }) => hex(deviceId)),
    });
  }

  async function unrest(): Promise<string | null> {
    const states = new Set<string>();
    const there = owned.filter(({ isRemoved }) => !isRemoved);
    for (const { device, person, isConfirmed } of there) {
      const who = `${nameOf(person)} (${owned.findIndex((each) => each.device === device)})`;
      if (!isConfirmed) return `${who} isn't confirmed: ${device.standing.kind}`;
      const view = await (await device.runtime.session(EVERYONE))?.look();
      if (view === undefined)
        return `${who} isn't in ${EVERYONE}: ${JSON.stringify(device.runtime.client.state)} ${device.standing.kind}`;
      const { row, waiting, epoch, authenticator, members } = view;
      if (row.status !== "active") return `${who} is ${row.status} ${row.stopped ?? ""}`;
      if (waiting.length > 0)
        return `${who} has ${waiting.length} waiting, held by ${view.holds.map(nameHold).join(" and ")}`;
      if (members.length !== there.length) return `${who} sees ${members.length} devices of ${there.length}`;
      states.add(`${hex(row.id)} ${epoch} ${hex(authenticator ?? new Uint8Array())} ${row.cursor}`);
    }
    return states.size > 1 ? `${states.size} states` : null;
  }

  /** Each device says one thing more, which all have then, and nobody who was removed; nothing is anywhere twice or unreadable. */
  async function lastWords(): Promise<void> {
    const there = owned.filter(({ isRemoved }) => !isRemoved);
    const texts: string[] = [];
    for (const each of there) {
      const text = await say(each, EVERYONE);
      if (text === null) throw new Error(`${nameOf(each.person)} can't write any more`);
      texts.push(text);
    }
    await settle();
    for (const { device, person, isRemoved } of owned) {
      const rows = device.isRunning ? await device.history(EVERYONE) : [];
      const found = rows.flatMap(({ entry }) => (entry.kind === "message" ? [entry.text ?? ""] : []));
      if (new Set(found).size !== found.length)
        throw new Error(`${nameOf(person)} has something twice: ${found.join()}`);
      const unreadable = rows.find(({ entry }) => entry.kind === "unreadable");
      if (unreadable !== undefined) throw new Error(`${nameOf(person)} can't read ${JSON.stringify(unreadable.entry)}`);
      const last = texts.filter((text) => found.includes(text));
      if (isRemoved && last.length > 0) throw new Error(`${nameOf(person)} reads with a device that was removed`);
      if (!isRemoved && last.length < texts.length)
        throw new Error(`${nameOf(person)} lacks ${texts.length - last.length} of what was said last`);
    }
  }

  function numberOf(each: Owned): number {
    return owned.indexOf(each);
  }

  function first(person: number): SoakDevice | undefined {
    return owned.find((each) => each.person === person && isUp(each))?.device;
  }

  function pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(random() * from.length)];
  }
}

function isUp({ device, isConfirmed, isRemoved }: Owned): boolean {
  return (
    isConfirmed && !isRemoved && device.isRunning && !device.hasCrashed && device.runtime.client.state.kind === "online"
  );
}

function userKeyIn(record: Uint8Array): string | null {
  const read = readVerifiedRecord(record);
  return read.ok ? hex(read.record.userKey) : null;
}

function nameOf(person: number): string {
  return `person-${person + 1}`;
}

async function rest(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Null: its process has ended, or its group takes nothing any more. */
async function tried<T>(by: SoakDevice, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (by.hasCrashed || error instanceof AgentStoreError) return null;
    throw error;
  }
}

function nameHold({ kind, who }: Hold): string {
  return `${kind} of ${who.join()}`;
}

/** Who begins anew from an older state, or was out, hasn't seen who announced a new key meanwhile: its person compares, and accepts. */
async function compare(device: SoakDevice): Promise<void> {
  for (const conversation of [EVERYONE, ROOM]) {
    const view = await (await device.runtime.session(conversation))?.look();
    if (view !== undefined && view.holds.length > 0) await device.runtime.accept(conversation, view.holds);
  }
}
