import { EVERYONE } from "../../../src/agent/delivery/places.ts";
import { AskError } from "../../../src/admin/ask.ts";
import type { RuntimeEvent } from "../../../src/agent/runtime/runtime.ts";
import type { Standing } from "../../../src/agent/group-sessions/context.ts";
import type { Hold } from "../../../src/agent/group-sessions/events.ts";
import { AgentStoreError } from "../../../src/agent/storage/errors.ts";
import { readVerifiedRecord } from "../../../src/mls/identity/device-record.ts";
import { randomFrom } from "../../helpers/random-from.ts";
import { hex } from "../device.ts";
import { comeToRest } from "./at-rest.ts";
import { killableServer } from "./server.ts";
import { soakDevice, type SoakDevice } from "./soak-device.ts";

/** What a run has done. */
export type DevicesSoakFigures = Record<
  | "steps"
  | "messages"
  | "kills"
  | "backups"
  | "restores"
  | "crashes"
  | "confirmed"
  | "removed"
  | "starts"
  | "bans"
  | "kicks"
  | "copies"
  | "former"
  | "rooms",
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
  /** Nobody starts it again. */
  isLost: boolean;
}

const ROOM = "room:ops";

/**
 * Random operations by people with several devices each through the real server: they write, come and go, end at any statement of their store;
 * devices are added by code, removed with a new user key, copied and brought back, also from before a new user key; people are kicked, banned and
 * let in again, join and leave a room, lose all their devices and begin anew; the server is killed at any moment, backed up, and
 * restored from the last backup. In the end all come together: every device of everybody is in one state, has
 * what its own person and all others say from then on, and nothing twice; whoever was removed has none of it. Throws what is wrong, with the seed.
 */
export async function devicesSoak(seed: number, steps: number, size: DevicesSoakSize): Promise<DevicesSoakFigures> {
  const random = randomFrom(seed);
  const figures = {
    steps,
    messages: 0,
    kills: 0,
    backups: 0,
    restores: 0,
    crashes: 0,
    confirmed: 0,
    removed: 0,
    starts: 0,
    bans: 0,
    kicks: 0,
    copies: 0,
    former: 0,
    rooms: 0,
  };
  const failures: unknown[] = [];
  const owned: Owned[] = [];
  const banned = new Set<number>();
  /** Who was banned when the last backup was made: the restored server knows of no other bans. */
  let bannedThen: readonly number[] = [];
  /** Who has begun anew, with a user key that nobody has signed: the others have to accept it. */
  const begunAnew = new Set<number>();
  /** Who was out for a while. */
  const wereBanned = new Set<number>();
  /** Of whom there is a copy that wasn't brought back yet, with its user key; and those that have begun anew from one. */
  const kept = new Map<SoakDevice, string>();
  const copied = new Set<SoakDevice>();
  /** Devices, in base64url, whose keys nobody has any more: what came back in their place is another. Their person removes them. */
  const lost = new Map<string, number>();
  /** Who may have a new user key at any time: a removal has ended in the middle. */
  const rekeying = new Set<number>();
  /** How each device's last work in a conversation ended, as its person was told. */
  const standings = new Map<SoakDevice, Map<string, Standing>>();
  /** What was done besides writing, for who looks for a cause. */
  const deeds: string[] = [];
  let attempts = 0;
  const server = await killableServer();
  try {
    // Who comes first is the operator.
    owned.push(add(0, true));
    await settle();
    for (let person = 1; person < size.persons; person += 1) owned.push(add(person, true));
    await settle();
    // Every other one has a second device from the start.
    for (let person = 0; person < size.persons && size.devices > 1; person += 2) owned.push(add(person, false));
    await settle();
    await first(0)?.runtime.createRoom("ops", "open");
    for (let step = 0; step < steps; step += 1) {
      await act();
      if (failures.length > 0) throw failures[0];
      if (random() < 0.4) await rest(random() * 80);
    }
    deeds.push("coming to rest");
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
    const hear = (event: RuntimeEvent) => {
      if (event.kind === "standing") standings.get(device)?.set(event.conversation, event.standing);
    };
    const device = soakDevice(nameOf(person), server.port, (error) => failures.push(error), hear, { label });
    standings.set(device, new Map());
    return {
      person,
      device,
      isConfirmed,
      isRemoved: false,
      isLost: false,
    };
  }

  async function act(): Promise<void> {
    const each = pick(owned);
    if (each === undefined) return;
    const chance = random();
    if (chance < 0.02) {
      figures.kills += 1;
      deeds.push("kill");
      await server.killAndStart();
    } else if (chance < 0.035) await backUp();
    else if (chance < 0.05) await restore();
    else if (chance < 0.055) await startAnew(each.person);
    else if (chance < 0.15) await addDevice(each.person);
    else if (chance < 0.22) await removeDevice(pick(owned.filter(isSecond)) ?? each);
    else if (chance < 0.27) {
      if (each.device.isRunning) await each.device.stop();
      else await comeBack(each);
    } else if (chance < 0.31) {
      if (each.device.isRunning) each.device.crashAfter(Math.floor(random() * 80));
    } else if (chance < 0.36) await kickOrBan(each.person);
    else if (chance < 0.42) await copy(random() < 0.5 ? (owned.find(({ device }) => kept.has(device)) ?? each) : each);
    else if (chance < 0.46) await joinOrLeave(each);
    else if (!each.device.isRunning || each.device.hasCrashed) await comeBack(each);
    else await say(each, random() < 0.6 ? EVERYONE : ROOM);
  }

  async function backUp(): Promise<void> {
    try {
      await server.backUp();
    } catch (error) {
      // On a busy machine it may not answer in time.
      if (error instanceof AskError) return;
      throw error;
    }
    bannedThen = [...banned];
    deeds.push("backup");
    figures.backups += 1;
  }

  /** An older state of the server comes back: its people's devices and keys of since then it hears of from them, and of bans from nobody. */
  async function restore(): Promise<void> {
    if (!(await server.restore())) return;
    banned.clear();
    for (const person of bannedThen) banned.add(person);
    // A confirmation that its device hasn't used may be lost.
    for (const each of owned) if (each.device.standing.kind !== "confirmed") each.isConfirmed = false;
    deeds.push("restore");
    figures.restores += 1;
  }

  /**
   * All devices of a person are lost; the administrator releases the name, and whoever bears it now begins with one device. A backup from before
   * would know the lost ones again, which only the administrator could tell it; so there is one behind it.
   */
  async function startAnew(person: number): Promise<void> {
    // The first one is the operator, by being the first.
    if (person === 0 || banned.has(person) || begunAnew.has(person)) return;
    for (const each of owned.filter((one) => one.person === person)) {
      await each.device.stop();
      [each.isRemoved, each.isLost] = [true, true];
    }
    if (!(await server.release(nameOf(person)))) throw new Error(`the name of ${nameOf(person)} wasn't released`);
    begunAnew.add(person);
    deeds.push(`${nameOf(person)} begins anew`);
    figures.starts += 1;
    owned.push(add(person, true));
    await backUp();
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
    if (standing.kind === "removed") await tried(waiting.device, async () => await waiting.device.runtime.beginAnew());
    const by = first(waiting.person);
    if (standing.kind !== "pending" || standing.code === null || by === undefined) return;
    const { code } = standing;
    const outcome = await tried(by, async () => await by.runtime.devices.confirm(code));
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
    if (!(await remove(by, each.person, Buffer.from(self.device.id).toString("base64url")))) return;
    // What it has taken the place of it can't clear away any more, which a restored server may know again.
    for (const id of self.former) lost.set(Buffer.from(id).toString("base64url"), each.person);
    each.isRemoved = true;
    deeds.push(`removed ${numberOf(each)} of ${nameOf(each.person)}`);
    figures.removed += 1;
  }

  async function remove(by: SoakDevice, person: number, id: string): Promise<boolean> {
    const outcome = await tried(by, async () => await by.runtime.removeDevices([id]));
    if (outcome !== null && (outcome.kind !== "failed" || outcome.why === "no-such-device")) return true;
    // What was kept goes on with the next connection.
    rekeying.add(person);
    return false;
  }

  async function kickOrBan(person: number): Promise<void> {
    // The first one is the operator.
    if (person === 0) return;
    if (banned.has(person)) {
      if (await moderate(person, "unban")) banned.delete(person);
    } else if (random() < 0.5) {
      if (await moderate(person, "kick")) figures.kicks += 1;
    } else {
      // It may be done though its answer was lost.
      banned.add(person);
      wereBanned.add(person);
      if (await moderate(person, "ban")) figures.bans += 1;
    }
  }

  /** Whether the server has said something to it; of an unban, also that there was no such ban. */
  async function moderate(person: number, how: "kick" | "ban" | "unban"): Promise<boolean> {
    const by = first(0);
    if (by === undefined) return false;
    const target = nameOf(person);
    const answer = await tried(
      by,
      async () => await by.runtime.client.request(how, how === "unban" ? { target } : { target, reason: null }),
    );
    if (how === "unban" && answer?.kind === "refused") return true;
    if (answer?.kind !== "answered") return false;
    deeds.push(`${how} ${target}`);
    return true;
  }

  /**
   * A state of earlier comes back: the device is replaced by another one of the same person. One from before a new user key can't be, since what it
   * would sign is nobody's: it is out, begins anew and waits; where no other device has the new key yet nobody could confirm it, so that isn't done.
   */
  async function copy(each: Owned): Promise<void> {
    if (!each.isConfirmed || each.isRemoved || rekeying.has(each.person)) return;
    const [before, key] = [kept.get(each.device), await userKeyOf(each.person)];
    const device = (await each.device.runtime.self())?.device;
    // Its own may be the former one still.
    if (key === null || device === undefined || userKeyIn(device.record) !== key) return;
    const isFormer = before !== undefined && before !== key;
    if (isFormer && !(await isHeldBeside(each, key))) return;
    await each.device.stop();
    kept.delete(each.device);
    // Once: what was replaced is nobody's any more.
    if (before === undefined) {
      each.device.copyAway();
      kept.set(each.device, key);
    } else {
      each.device.copyBack();
      copied.add(each.device);
      deeds.push(`copied back ${numberOf(each)} of ${nameOf(each.person)}${isFormer ? " from before a new key" : ""}`);
      figures.copies += 1;
    }
    if (isFormer) {
      each.isConfirmed = false;
      lost.set(Buffer.from(device.id).toString("base64url"), each.person);
      figures.former += 1;
    }
    each.device.start();
  }

  /** Another device of its person has that user key: who made it may not have announced it yet, and nobody else could then. */
  async function isHeldBeside(each: Owned, key: string): Promise<boolean> {
    for (const other of owned) {
      if (other === each || other.person !== each.person || !isUp(other)) continue;
      const own = (await other.device.runtime.self())?.device;
      if (own !== undefined && userKeyIn(own.record) === key) return true;
    }
    return false;
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
    const done = await tried(device, async () => {
      const isIn = (await (await device.runtime.session(ROOM))?.look())?.row.status === "active";
      return isIn && random() < 0.3 ? await device.runtime.leave(ROOM) : await device.runtime.join("ops");
    });
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
    if (each.isLost) return;
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
    await comeToRest({
      devices: () => owned.map(({ device }) => device),
      async unrest() {
        if (failures.length > 0) throw failures[0];
        await help();
        return await unrest();
      },
      look: async () => await Promise.all(owned.map(async (each) => `${numberOf(each)}: ${await lookOf(each)}`)),
    });
  }

  /** What people do until all are at rest. */
  async function help(): Promise<void> {
    for (const each of owned) {
      // It has ended by being told so, and is told again each time that it comes back as what it was.
      if (!each.isRemoved && !each.device.hasCrashed && each.device.standing.kind === "removed") await confirm(each);
      if (
        !each.isRemoved &&
        (each.device.hasCrashed || !each.device.isRunning || each.device.runtime.client.state.kind === "ended")
      )
        await comeBack(each);
      // What confirmed it is void where a new user key came before it had taken that (GR-58).
      if (each.device.standing.kind === "pending") each.isConfirmed = false;
      if (!each.isRemoved && !each.isConfirmed) await confirm(each);
      if (isUp(each)) await compare(each);
    }
    for (const person of banned) if (await moderate(person, "unban")) banned.delete(person);
    for (const [id, person] of lost) {
      const by = first(person);
      if (by !== undefined && (await remove(by, person, id))) lost.delete(id);
    }
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
      last: standings.get(device)?.get(EVERYONE),
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

  /**
   * Who begins anew from an older state, or was out, hasn't seen who announced a new key meanwhile: its person compares, and accepts. Of whoever
   * has begun anew everybody does. They answer what they were asked, so not while their device is still finding out.
   */
  async function compare({ device, person }: Owned): Promise<void> {
    const mayBeAny = copied.has(device) || wereBanned.has(person);
    const anew = new Set([...begunAnew].map((each) => `:${nameOf(each)}`));
    for (const conversation of [EVERYONE, ROOM]) {
      const standing = standings.get(device)?.get(conversation);
      const told = standing?.kind === "held" ? standing.holds : [];
      const holds = told.filter(
        ({ who }) => mayBeAny || who.every((each) => anew.has(each.slice(each.lastIndexOf(":")))),
      );
      if (holds.length > 0) await device.runtime.accept(conversation, holds);
    }
  }

  /** Another device of its person is there, which can remove it. */
  function isSecond(each: Owned): boolean {
    return each.isConfirmed && owned.some((other) => other !== each && other.person === each.person && isUp(other));
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
