import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { SealedOrder } from "../orders.ts";
import type { Saturated } from "../orders.ts";
import { arrive, assemble, type Device, type Room } from "./devices.ts";
import { frameOf, openFrames, type FrameEvents } from "./frame-socket.ts";

/** Devices, or bare WebSockets, that stay connected. */
export interface DeviceCrowd {
  readonly devices: readonly Pick<Device, "socket" | "events">[];
  /** For each who writes: where, and how many messages it has written there. */
  readonly writers: readonly Writer[];
}

interface Writer {
  readonly speaker: Pick<Device, "socket" | "events">;
  readonly room: Room;
  written: number;
}

type Of<K extends SealedOrder["kind"]> = Extract<SealedOrder, { kind: K }>;

/** Devices of so many people; in one room, or each in a room of its own, or in none. */
export async function gatherDevices({ port, devices: size, first, rooms, bytes }: Of<"gather-devices">) {
  const devices: Device[] = [];
  while (devices.length < size) {
    const next = devices.length;
    const group = Array.from({ length: Math.min(ABREAST, size - next) }, (_, i) => first + next + i);
    const arrived = await Promise.all(group.map((number) => arrive(port, `device${number}`)));
    // Whoever comes later is told to all of them: nobody reads it.
    if (rooms === "none") for (const { events } of arrived) events.onFrame = null;
    devices.push(...arrived);
  }
  const writers: Writer[] = [];
  if (rooms === "one") {
    const [speaker] = devices;
    if (speaker !== undefined) writers.push({ speaker, room: await assemble(devices, bytes), written: 0 });
  } else if (rooms === "each") {
    for (const speaker of devices) writers.push({ speaker, room: await assemble([speaker], bytes), written: 0 });
  }
  for (const { events } of devices) events.onFrame = null;
  // The last who came are still being told of, and the last commit.
  await delay(SETTLE);
  return { devices, writers } satisfies DeviceCrowd;
}

/** WebSockets to the floor, the first of whom writes. */
export async function gatherBare({ port, sockets, bytes }: Of<"gather-bare">): Promise<DeviceCrowd> {
  const devices = [];
  for (let i = 0; i < sockets; i++) {
    const opened = Promise.withResolvers<void>();
    const events: FrameEvents = { onFrame: null, onCount: () => {}, onClose: opened.reject };
    const socket = openFrames(port, events);
    socket.once("connect", opened.resolve);
    await opened.promise;
    devices.push({ socket, events });
  }
  await delay(SETTLE);
  const room = { group: randomBytes(16).toString("base64url"), epoch: 1, sealed: new Uint8Array(bytes) };
  const [speaker] = devices;
  return { devices, writers: speaker === undefined ? [] : [{ speaker, room, written: 0 }] };
}

/**
 * Writers write as fast as they are answered, never more than `inFlight` messages in all at a time; each message is over when its
 * writer has its answer and every other device of the crowd has heard it, or nobody is to hear.
 */
export function write(crowd: DeviceCrowd, { inFlight, seconds, heard }: Of<"write">): Promise<Saturated> {
  const { devices, writers } = crowd;
  const hearers = heard ? devices.length - 1 : 0;
  const framesPerMessage = hearers + 1;
  const { promise, resolve, reject } = Promise.withResolvers<Saturated>();
  const start = performance.now();
  const end = start + 1000 * seconds;
  let sent = 0;
  let frames = 0;
  const onCount = (count: number): void => {
    frames += count;
    const arrived = Math.floor(frames / framesPerMessage);
    if (sent - arrived < inFlight && performance.now() < end) sendUpTo(arrived + inFlight);
    else if (frames === sent * framesPerMessage && performance.now() >= end) finish();
  };
  for (const { events } of devices) {
    events.onCount = onCount;
    events.onClose = () => reject(new Error("the server has closed a connection"));
  }
  sendUpTo(inFlight);
  return promise;

  function sendUpTo(total: number): void {
    for (; sent < total; sent++) {
      const writer = writers[sent % writers.length];
      if (writer !== undefined) writer.speaker.socket.write(nextMessage(writer));
    }
  }

  function finish(): void {
    for (const { events } of devices) events.onCount = () => {};
    resolve({ messages: sent, deliveries: sent * hearers, seconds: (performance.now() - start) / 1000 });
  }
}

/** Hangs up all of them. */
export async function scatterDevices({ devices }: DeviceCrowd): Promise<void> {
  await Promise.all(
    devices.map(async ({ socket, events }) => {
      events.onClose = () => {};
      socket.destroy();
      if (!socket.closed) await once(socket, "close");
    }),
  );
}

/** The request for a device's next message in its room. */
function nextMessage(writer: Writer): Buffer {
  const { group, epoch, sealed } = writer.room;
  writer.written += 1;
  const counter = writer.written;
  const message = randomBytes(16).toString("base64url");
  const bytes = Buffer.from(sealed).toString("base64url");
  const body = `{"group":"${group}","epoch":${epoch},"counter":${counter},"message":"${message}","bytes":"${bytes}"}`;
  return frameOf(`{"id":${FIRST_ID + counter},"type":"send","body":${body}}`);
}

/** Behind the ids of the set-up. */
const FIRST_ID = 1_000;
const ABREAST = 16;
/** Milliseconds. */
const SETTLE = 500;
