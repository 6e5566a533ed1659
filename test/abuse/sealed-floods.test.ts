/** What devices may ask for, asked without end: whoever is beside them, sealed or not, loses nothing. */
import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { RoomPolicy } from "../../src/mls/room-policy.ts";
import { encodeRequest } from "../../src/wire/frames/client-frames.ts";
import type { RequestBody, RequestType } from "../../src/wire/frames/requests.ts";
import { decodeFromServer } from "../../src/wire/frames/server-frames.ts";
import { FramePeer, makeDevice, type TestDevice } from "../helpers/frame-peer.ts";
import { startAbuse } from "./scene.ts";

const MEGABYTE = 1024 * 1024;
const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };
const newId = (): string => randomBytes(16).toString("base64url");

/** A member of the room and its bystanders. */
interface Room {
  readonly group: string;
  readonly epoch: number;
}

/** What each kind of flood sends, again and again. */
const FLOODS: Readonly<Record<string, (device: TestDevice, room: Room, nth: number) => string>> = {
  sends: (_, { group, epoch }, nth) =>
    text("send", nth, { group, epoch, counter: 1_000 + nth, message: newId(), bytes: new Uint8Array(20_000) }),
  commits: (_, { group, epoch }, nth) =>
    text("commit", nth, {
      group,
      request: newId(),
      epoch,
      commit: new Uint8Array(randomBytes(2_000)),
      welcome: null,
      groupInfo: new Uint8Array(10_000),
    }),
  "look-ups": (_, __, nth) => text("look-up", nth, { name: "carol" }),
  "lists of people": (_, __, nth) => text("people", nth, { after: null }),
  "key packages": ({ engine }, _, nth) => {
    packages ??= Array.from({ length: 20 }, () => engine.keyPackage({ now: seconds(), lifetime: 86_400 }).keyPackage);
    return text("publish-packages", nth, { packages, lastResort: null, replace: true });
  },
  "new groups": (_, __, nth) =>
    text("create-group", nth, {
      group: newId(),
      place: { kind: "room", name: `r${nth}` },
      groupInfo: new Uint8Array(randomBytes(200_000)),
    }),
};
let packages: Uint8Array[] | null = null;

test.each(Object.keys(FLOODS))("AB-10 bystanders of %s from four devices without end", async (kind) => {
  packages = null;
  const { server, port, talk } = await startAbuse();
  const carol = await arrive(port, "carol");
  const dave = await arrive(port, "dave");
  const group = newId();
  const room = carol.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await carol.peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: room.info() });
  const { epoch, groupInfo } = await dave.peer.get("read-group-info", { group });
  const joined = await dave.device.engine.joinExternal(groupInfo);
  const { commit } = joined;
  await dave.peer.get("commit", { group, request: newId(), epoch, commit, welcome: null, groupInfo: joined.groupInfo });
  room.process((await carol.peer.next("entry")).entry.bytes);
  const before = await server.measure();

  for (let count = 0; count < 4; count++) await flood(port, `mallory-${count}`, { group, epoch: 1 }, kind);
  for (let number = 1; number <= 20; number++) {
    const sealed = room.seal(new TextEncoder().encode(`${number}`)).message;
    await carol.peer.get("send", { group, epoch: 1, counter: number, message: newId(), bytes: sealed });
    for (;;) {
      const { entry } = await dave.peer.next("entry");
      if (entry.device !== Buffer.from(carol.device.id).toString("base64url")) continue;
      expect(new TextDecoder().decode(joined.group.open(entry.bytes).plaintext)).toBe(`${number}`);
      break;
    }
    await talk(1);
  }
  const after = await server.measure();
  expect(after.mostMemory - before.mostMemory).toBeLessThan(200 * MEGABYTE);
});

async function arrive(port: number, name: string): Promise<{ peer: FramePeer; device: TestDevice }> {
  const peer = await FramePeer.connect(port);
  onTestFinished(() => peer[Symbol.dispose]());
  const device = makeDevice(peer.hello.server.id, { kind: "name", identity: name });
  await peer.greet(name, device);
  return { peer, device };
}

/** A device that says its kind as fast as it is read, and reads what it is answered. */
async function flood(port: number, name: string, room: Room, kind: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/frames`, "padserve.v1", { headers: { "padserve-client": "x" } });
  const greeted = Promise.withResolvers<TestDevice>();
  let device: TestDevice | null = null;
  socket.on("error", () => {});
  socket.on("message", (data: Buffer) => {
    const decoded = decodeFromServer(data.toString());
    if (decoded.kind === "push" && decoded.push.type === "hello") {
      device = makeDevice(decoded.push.server.id, { kind: "name", identity: name });
      socket.send(text("hello", 1, FramePeer.helloWith(decoded.push, name, device)));
    } else if (decoded.kind === "reply" && device !== null) greeted.resolve(device);
  });
  const own = await greeted.promise;
  let nth = 2;
  const more = (): void => {
    // The socket's buffers are kept full, and no more than that.
    while (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < MEGABYTE) {
      socket.send(FLOODS[kind]?.(own, room, nth++) ?? "");
    }
  };
  const timer = setInterval(more, 5);
  onTestFinished(() => {
    clearInterval(timer);
    socket.terminate();
  });
  more();
}

function text<T extends RequestType>(type: T, id: number, body: RequestBody<T>): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- type and body belong together by the signature
  return encodeRequest({ id, type, body } as unknown as Parameters<typeof encodeRequest>[0]);
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
