import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { UNCHANGED, done } from "../../core/decision.ts";
import { valuesOf } from "../../core/persistent-map.ts";
import { signBytes } from "../../mls/identity/ed25519.ts";
import { helloProof } from "../../wire/frames/hello.ts";
import { encodeRequest } from "../../wire/frames/client-frames.ts";
import { decodeFromServer } from "../../wire/frames/server-frames.ts";
import { createObservers } from "../../mls/create-observers.ts";
import { createMemoryStore } from "../../store/memory.ts";
import { GroupService } from "../groups/service.ts";
import type { SessionLink } from "../session/protocol.ts";
import { RatesByKey } from "../session/rates-by-key.ts";
import { Directory } from "./directory.ts";
import { FramesSession } from "./session.ts";

const SERVER = { id: randomBytes(16).toString("base64url"), incarnation: randomBytes(16).toString("base64url") };

test("FR-11 a device whose connection goes while its hello is checked is offline again", async () => {
  const groups = new GroupService({
    server: SERVER.id,
    store: createMemoryStore(),
    saved: [],
    observers: createObservers(),
    outbox: { deliver: () => {} },
    now: () => 0,
    onStoreFailure: () => {},
  });
  const sent: string[] = [];
  const released = Promise.withResolvers<void>();
  const session = new FramesSession(
    linkOf((text) => sent.push(text), released.resolve),
    {
      identified: { kind: "known", identity: { kind: "local" }, grant: null, online: null, sharedIn: false },
      source: never,
    },
    {
      server: { ...SERVER, name: "here" },
      groups,
      directory: new Directory({ core: never, groups: never, speaksFrames: never, awayOf: never }),
      away: new Map(),
      onAway: () => {},
      onDevices: () => {},
      claimedName: () => null,
      asksOf: never,
      groupsFrom: never,
      deviceNews: new RatesByKey(0, () => 0),
      encodeNotice: () => null,
      readers: () => 0,
      openRoom: true,
      scrollback: { observe: () => {}, lines: () => [] },
      facts: never,
      onStart: () => {},
      onStop: () => {},
      onMalformed: () => {},
      onFault: (cause) => {
        throw cause;
      },
    },
  );
  session.onMessage(helloTo(sent[0] ?? ""));
  session.stop();
  await released.promise;
  await groups.idle();
  expect(valuesOf(groups.state.devices)).toHaveLength(1);
  expect(valuesOf(groups.state.online)).toEqual([]);
  groups.stop();
});

/** The first frame of a new device of alice, as an answer to the server's. */
function helloTo(greeting: string): Buffer {
  const decoded = decodeFromServer(greeting);
  if (decoded.kind !== "push" || decoded.push.type !== "hello") throw new Error("no hello");
  const { nonce } = decoded.push;
  const { id, key, record } = makeDevice(SERVER.id, { kind: "name", identity: "alice" });
  const device = Buffer.from(id).toString("base64url");
  const proof = signBytes(key, helloProof({ nonce, server: SERVER.id, device, counter: 1 }));
  const publicKey = Buffer.from(key.publicKey).toString("base64url");
  const body = {
    version: 1,
    features: [],
    client: "test",
    name: "alice",
    device: { device, key: publicKey, record, counter: 1, proof, sealKey: null, receipt: null },
  };
  return Buffer.from(encodeRequest({ id: 1, type: "hello", body }));
}

/** A link of a session that the core registers at once, under whatever name. */
function linkOf(onSent: (text: string) => void, onReleased: () => void): SessionLink {
  return {
    id: 1,
    connection: {
      queued: 0,
      taken: 0,
      send: (chunk) => onSent(chunk.toString()),
      flush: () => {},
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {},
    },
    post: (command, settle) => settle?.(command.kind === "register" ? done() : UNCHANGED),
    hold: () => onReleased,
    flush: () => {},
    admit: () => true,
    ready: () => {},
    wait: () => {},
    charge: () => {},
    drop: () => {},
  };
}

function never(): never {
  throw new Error("nobody asks for it here");
}
