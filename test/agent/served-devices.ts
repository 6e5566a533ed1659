import { randomBytes } from "node:crypto";
import { cpSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { makeReplacement } from "../../src/agent/device/make-device.ts";
import { readVerifiedRecord } from "../../src/mls/identity/device-record.ts";
import { startDevice } from "../../src/agent/runtime/device-runtime.ts";
import type { DeviceRuntime } from "../../src/agent/runtime/runtime.ts";
import { openDatabase } from "../../src/agent/storage/sqlite/database.ts";
import { storeInThisThread } from "../../src/agent/storage/sqlite/store.ts";
import type { HistoryRow, Saved } from "../../src/agent/storage/kept.ts";
import type { AgentStore } from "../../src/agent/storage/ports.ts";
import { deviceScratch } from "./device-scratch.ts";
import type { DeviceScratch } from "./device-scratch.ts";
import { hex } from "./device.ts";
import { servedServer } from "./served-server.ts";

/** A person's one device: its store's files outlive it. */
export interface ServedDevice {
  readonly name: string;
  readonly runtime: DeviceRuntime;
  readonly place: DeviceScratch;
  /** Writes, having seen who reads. */
  say(conversation: string, text: string): Promise<void>;
  /** The texts of its history, oldest first. */
  texts(conversation: string): Promise<readonly string[]>;
  /** All of it, oldest first. */
  history(conversation: string): Promise<readonly HistoryRow[]>;
  /** What its store has. */
  saved(): Promise<Saved>;
  /** Ends the device and closes its store. */
  stop(): Promise<void>;
  /** Starts it again from its files. */
  start(): void;
  /** Changes what it keeps, behind its back: it must be stopped. */
  change(work: (store: AgentStore) => Promise<void>): Promise<void>;
  /** Of the stopped device: keeps its files as they are now; brings them back. */
  keepFiles(): void;
  bringBack(): void;
}

/** The real server over a SQLite store, and devices of people without a tailnet. */
export interface ServedWorld {
  arrive(...names: readonly string[]): Promise<readonly ServedDevice[]>;
  /** Another device of the same person, under the same user key. It is stopped: what it keeps was made. */
  another(of: ServedDevice): Promise<ServedDevice>;
  /** A copy of a stopped device's files, as of a cloned machine. It is stopped. */
  copyOf(of: ServedDevice): ServedDevice;
  /** All at once: each is made, and none is waited for. */
  storm(...names: readonly string[]): readonly ServedDevice[];
  /** Until the condition holds; looked at whenever a device has told something. */
  until(condition: () => Promise<boolean>): Promise<void>;
  /** Lets `until` look again: something has been told elsewhere. */
  lookAgain(): void;
  /** All have these texts in this order, and are in the same state of the group. */
  agree(conversation: string, devices: readonly ServedDevice[], texts: readonly string[]): Promise<void>;
  /** Where its server is. */
  port(): number;
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** A backup of the running server. */
  backUp(): Promise<string>;
  /** Puts it in the place of what the stopped server has. */
  restore(backup: string): void;
  /** Copies of all the stopped server's files; and back, so that it knows nothing of it. */
  copyAway(): string;
  copyBack(copy: string): void;
  /** Every byte of every file that the server has. */
  serverBytes(): Buffer;
  readonly failures: unknown[];
  end(): Promise<void>;
}

const QUICK = { firstDelay: 10, longestDelay: 50 };

/** @param config what differs of the server's configuration. */
export async function servedWorld(config: Partial<Config> = {}): Promise<ServedWorld> {
  const server = await servedServer(config);
  const devices: { readonly end: () => Promise<void> }[] = [];
  const failures: unknown[] = [];
  let told = Promise.withResolvers<void>();

  const world: ServedWorld = {
    failures,
    async arrive(...names) {
      const arrived: ServedDevice[] = [];
      for (const name of names) {
        const device = makeDevice(name);
        arrived.push(device);
        await device.runtime.client.online();
        await device.runtime.settled();
      }
      return arrived;
    },
    async another(of) {
      const { device: first, userSeed } = await of.saved();
      const read = readVerifiedRecord(first?.record ?? new Uint8Array());
      if (!read.ok || userSeed === null) throw new Error("that device isn't made yet");
      const made = makeReplacement(read.record, { userSeed, randomBytes: (length) => randomBytes(length) });
      const other = makeDevice(of.name, { isStarted: false });
      await other.change(async (store) => {
        await store.commit([
          { kind: "device-made", device: made },
          { kind: "user-key-kept", seed: userSeed },
        ]);
      });
      return other;
    },
    copyOf(of) {
      const copy = makeDevice(of.name, { isStarted: false });
      cpSync(dirname(dirname(of.place.folder)), dirname(dirname(copy.place.folder)), { recursive: true });
      return copy;
    },
    storm: (...names) => names.map((name) => makeDevice(name)),
    async until(condition) {
      for (;;) {
        const next = told.promise;
        if (await condition()) return;
        await next;
      }
    },
    lookAgain() {
      const { resolve } = told;
      told = Promise.withResolvers();
      resolve();
    },
    async agree(conversation, people, texts) {
      await world.until(async () => {
        const all = await Promise.all(people.map(async (one) => await one.texts(conversation)));
        return all.every((each) => each.length >= texts.length);
      });
      for (const one of people) expect(await one.texts(conversation)).toEqual(texts);
      await world.until(async () => {
        const views = await Promise.all(
          people.map(async ({ runtime }) => await (await runtime.session(conversation))?.look()),
        );
        return (
          new Set(views.map((view) => `${view?.epoch} ${hex(view?.authenticator ?? new Uint8Array())}`)).size === 1
        );
      });
    },
    port: () => server.port(),
    stopServer: async () => await server.stop(),
    startServer: async () => await server.start(),
    backUp: async () => await server.backUp(),
    restore: (backup) => server.restore(backup),
    copyAway: () => server.copyAway(),
    copyBack: (copy) => server.copyBack(copy),
    serverBytes: () => server.bytes(),
    async end() {
      for (const device of devices) await device.end();
      await server.end();
    },
  };
  return world;

  function makeDevice(name: string, { isStarted } = { isStarted: true }): ServedDevice {
    const place = deviceScratch();
    let store: AgentStore;
    let runtime: DeviceRuntime;
    let isRunning = false;
    let kept: string | null = null;
    const device: ServedDevice = {
      name,
      place,
      get runtime() {
        return runtime;
      },
      async say(conversation, text) {
        const people = (await (await runtime.session(conversation))?.look())?.people ?? [];
        expect(await runtime.write(conversation, Buffer.from(text), people)).not.toBeNull();
      },
      async texts(conversation) {
        const rows = await device.history(conversation);
        return rows.flatMap(({ entry }) => (entry.kind === "message" ? [entry.text ?? ""] : []));
      },
      history: async (conversation) => (await store.history(conversation, { before: null, limit: 1000 })).toReversed(),
      saved: async () => await store.load(),
      async stop() {
        if (!isRunning) return;
        isRunning = false;
        await runtime.close();
        await store.close();
      },
      async change(work) {
        const opened = storeInThisThread(openDatabase(place));
        await work(opened);
        await opened.close();
      },
      keepFiles() {
        kept = server.folder();
        cpSync(place.folder, kept, { recursive: true });
      },
      bringBack() {
        rmSync(place.folder, { recursive: true });
        if (kept !== null) cpSync(kept, place.folder, { recursive: true });
      },
      start() {
        isRunning = true;
        store = storeInThisThread(openDatabase(place));
        runtime = startDevice({
          server: { host: "127.0.0.1", port: server.port() },
          store,
          name,
          deviceLabel: "test",
          timings: QUICK,
          companionTimings: { first: 50, spread: 10 },
          digest: (content) => ({ text: Buffer.from(content).toString(), amends: null }),
          onEvent: (event) => {
            if (event.kind === "failed") failures.push(event.error);
            // Whoever is new in a conversation has been looked at.
            if (event.kind === "standing" && event.standing.kind === "held") void show(event.conversation);
            world.lookAgain();
          },
        });
      },
    };
    if (isStarted) device.start();
    devices.push({
      end: async () => {
        await device.stop();
        place.remove();
      },
    });
    return device;

    async function show(conversation: string): Promise<void> {
      const session = await runtime.session(conversation);
      if (session === null) return;
      await session.showReaders((await session.look()).people);
      await runtime.goOn(conversation);
    }
  }
}
