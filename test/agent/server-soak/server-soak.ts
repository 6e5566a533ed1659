import { EVERYONE } from "../../../src/agent/delivery/places.ts";
import type { RuntimeEvent } from "../../../src/agent/runtime/runtime.ts";
import { hex } from "../device.ts";
import { comeToRest } from "./at-rest.ts";
import { killableServer } from "./server.ts";
import { soakDevice, type SoakDevice } from "./soak-device.ts";
import { randomFrom } from "../../helpers/random-from.ts";

/**
 * What a run has done, so that a reader sees that it did something; `told`: messages that somebody lacks, where the history says so;
 * `quiet`: see `comeToRest`.
 */
export type ServerSoakFigures = Record<
  "steps" | "messages" | "kills" | "restores" | "backups" | "crashes" | "reopened" | "told" | "quiet",
  number
>;

interface Said {
  readonly conversation: string;
  readonly by: SoakDevice;
  readonly text: string;
  /** In hex. */
  readonly id: string;
}

const NAMES = ["alice", "bob", "carol", "dave"];
const ROOM = "room:ops";

/**
 * Random operations by some devices with real stores and engines through the real server over real sockets: they write, come and go, end at
 * any statement of their store; the server is killed at any moment, backed up while it runs, and brought back from an older
 * backup. In the end all come together, and what each has is held against what was said. Throws what is wrong, with the seed.
 */
export async function serverSoak(seed: number, steps: number): Promise<ServerSoakFigures> {
  const random = randomFrom(seed);
  const figures = { steps, messages: 0, kills: 0, restores: 0, backups: 0, crashes: 0, reopened: 0, told: 0, quiet: 0 };
  const failures: unknown[] = [];
  const said: Said[] = [];
  /** Why what was written was refused, as its writer was told; by its id in hex. */
  const refused = new Map<string, string>();
  let attempts = 0;
  const server = await killableServer();
  const devices: SoakDevice[] = [];
  try {
    for (const name of NAMES) devices.push(soakDevice(name, server.port, (error) => failures.push(error), hear));
    await settle();
    const [first, second] = devices;
    await first?.runtime.createRoom("ops", "invite");
    await second?.runtime.settled();
    for (const name of NAMES.slice(1, 3)) await first?.runtime.invite(ROOM, name);
    await server.backUp();
    for (let step = 0; step < steps; step += 1) await act();
    for (const device of devices) {
      device.crashAfter(Infinity);
      if (!device.isRunning || device.hasCrashed) await reopen(device);
    }
    await settle();
    await check();
    return figures;
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`seed ${seed}: ${why}`, { cause: error });
  } finally {
    for (const device of devices) await device.remove();
    await server.end();
  }

  function hear(event: RuntimeEvent): void {
    if (event.kind === "group" && event.event.kind === "refused")
      refused.set(hex(event.event.messageId), event.event.why);
  }

  async function act(): Promise<void> {
    const device = devices[Math.floor(random() * devices.length)];
    if (device === undefined) return;
    const chance = random();
    if (chance < 0.03) {
      await server.killAndStart();
      figures.kills += 1;
    } else if (chance < 0.06) {
      await server.backUp();
      figures.backups += 1;
    } else if (chance < 0.09) {
      if (await server.restore()) figures.restores += 1;
    } else if (chance < 0.14) {
      if (device.isRunning) await device.stop();
      else await reopen(device);
    } else if (chance < 0.19) {
      if (device.isRunning) device.crashAfter(Math.floor(random() * 80));
    } else if (device.hasCrashed || !device.isRunning) {
      await reopen(device);
    } else await say(device);
    if (random() < 0.3) await rest(random() * 60);
  }

  async function reopen(device: SoakDevice): Promise<void> {
    if (device.hasCrashed) figures.crashes += 1;
    await device.stop();
    device.start();
    figures.reopened += 1;
  }

  async function say(device: SoakDevice): Promise<void> {
    const conversation = random() < 0.6 ? EVERYONE : ROOM;
    attempts += 1;
    const text = `${seed}.${attempts} by ${device.name}`;
    try {
      const people = (await (await device.runtime.session(conversation))?.look())?.people ?? [];
      const written = await device.runtime.write(conversation, Buffer.from(text), people);
      // Before it has come into a group there is nowhere to write.
      if (written === null) return;
      said.push({ conversation, by: device, text, id: hex(written) });
      figures.messages += 1;
    } catch (error) {
      if (!device.hasCrashed) throw error;
    }
  }

  /** Until nobody has anything to send or to learn any more, and all members agree. */
  async function settle(): Promise<void> {
    const quiet = await comeToRest({ devices: () => devices, unrest });
    figures.quiet = Math.max(figures.quiet, quiet);
  }

  async function unrest(): Promise<string | null> {
    if (failures.length > 0) throw failures[0];
    for (const device of devices) {
      const waiting = await device.waiting();
      if (waiting > 0) return `${device.name} has ${waiting} waiting`;
    }
    for (const conversation of new Set([EVERYONE, ...said.map((one) => one.conversation)])) {
      const states = new Set<string>();
      for (const device of devices) {
        const view = await (await device.runtime.session(conversation))?.look();
        if (view === undefined) {
          if (conversation === EVERYONE) return `${device.name} isn't in ${conversation}`;
          continue;
        }
        const { row, waiting, epoch, authenticator } = view;
        if (row.status !== "active") return `${device.name} is ${row.status} ${row.stopped ?? ""} in ${conversation}`;
        if (waiting.length > 0) return `${device.name} has ${waiting.length} waiting in ${conversation}`;
        states.add(`${hex(row.id)} ${epoch} ${hex(authenticator ?? new Uint8Array())} ${row.cursor}`);
      }
      if (states.size > 1) return `${states.size} states of ${conversation}`;
    }
    return null;
  }

  /** Nobody has anything twice or unreadable; each has their own; and where somebody lacks something, the history says so. */
  async function check(): Promise<void> {
    for (const device of devices) {
      for (const conversation of [EVERYONE, ROOM]) {
        const rows = await device.history(conversation);
        const texts = rows.flatMap(({ entry }) => (entry.kind === "message" ? [entry.text ?? ""] : []));
        if (new Set(texts).size !== texts.length)
          throw new Error(`${device.name} has something twice: ${texts.join()}`);
        const unreadable = rows.find(({ entry }) => entry.kind === "unreadable");
        if (unreadable !== undefined) throw new Error(`${device.name} can't read ${JSON.stringify(unreadable.entry)}`);
        const isTold = rows.some(({ entry }) => entry.kind === "gap" || entry.kind === "continued");
        const isIn = rows.length > 0;
        for (const one of said.filter((each) => each.conversation === conversation)) {
          if (texts.includes(one.text)) continue;
          if (one.by === device) {
            const why = refused.get(one.id) ?? "nothing was told of it";
            throw new Error(`${device.name} has lost its own "${one.text}": ${why}\n${await device.report()}`);
          }
          if (!isIn) continue;
          if (!isTold) throw new Error(`${device.name} lacks "${one.text}" without a word`);
          figures.told += 1;
        }
      }
    }
  }
}

async function rest(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
