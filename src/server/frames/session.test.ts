import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { UNCHANGED, done } from "../../core/decision.ts";
import { valuesOf } from "../../core/persistent-map.ts";
import { signBytes } from "../../mls/identity/ed25519.ts";
import { helloProof } from "../../wire/frames/hello.ts";
import { encodeRequest } from "../../wire/frames/client-frames.ts";
import type { Request } from "../../wire/frames/requests.ts";
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
  const sent: string[] = [];
  const released = Promise.withResolvers<void>();
  const { groups, session } = opened(linkOf((text) => sent.push(text), released.resolve));
  session.onMessage(helloTo(sent[0] ?? ""));
  session.stop();
  await released.promise;
  await groups.idle();
  expect(valuesOf(groups.state.devices)).toHaveLength(1);
  expect(valuesOf(groups.state.online)).toEqual([]);
  groups.stop();
});

test("FR-39 of one connection 32 requests are under way at once, and what is more is refused until one of them is done", async () => {
  const frames = new Frames();
  const posted: (() => void)[] = [];
  const post: SessionLink["post"] = (command, settle) => {
    if (command.kind === "register") settle?.(done());
    else posted.push(() => settle?.(UNCHANGED));
  };
  const { groups, session } = opened({ ...linkOf((text) => frames.take(text), nothing), post });
  const ask = (request: Request) => session.onMessage(Buffer.from(encodeRequest(request)));
  const say = (id: number) => ask({ id, type: "say", body: { text: "hi" } });
  ask({ id: 1, type: "hello", body: PLAIN });
  expect(await frames.answerTo(1)).toBe("answered");
  for (let id = 2; id <= 34; id += 1) say(id);
  expect(await frames.answerTo(34)).toBe("too-many-requests");
  expect(posted).toHaveLength(32);
  posted[0]?.();
  expect(await frames.answerTo(2)).toBe("answered");
  say(35);
  expect(posted).toHaveLength(33);
  session.stop();
  groups.stop();
});

test("FR-39 before its hello a connection is answered nothing else, a second hello is refused, and another version ends it", async () => {
  const frames = new Frames();
  const { groups, session } = opened(linkOf((text) => frames.take(text), nothing));
  const ask = (request: Request) => session.onMessage(Buffer.from(encodeRequest(request)));
  ask({ id: 1, type: "say", body: { text: "hi" } });
  expect(await frames.answerTo(1)).toBe("hello-first");
  ask({ id: 2, type: "hello", body: PLAIN });
  // While it is checked, too.
  ask({ id: 3, type: "hello", body: PLAIN });
  ask({ id: 4, type: "say", body: { text: "hi" } });
  expect([await frames.answerTo(3), await frames.answerTo(4)]).toEqual(["already-registered", "hello-first"]);
  expect(await frames.answerTo(2)).toBe("answered");
  ask({ id: 5, type: "hello", body: PLAIN });
  expect(await frames.answerTo(5)).toBe("already-registered");
  const other = opened(linkOf((text) => frames.take(text), nothing));
  other.session.onMessage(Buffer.from(encodeRequest({ id: 6, type: "hello", body: { ...PLAIN, version: 2 } })));
  expect(frames.end).toBe("version");
  for (const one of [other.groups, groups]) one.stop();
});

/** A hello without a device. */
const PLAIN = { version: 1, features: [], client: "test", name: "alice", device: null };

/** What a session has sent, by the request that it answers. */
class Frames {
  /** Why the server has ended the connection. */
  end: string | null = null;
  readonly #answers = new Map<number, PromiseWithResolvers<string>>();

  take(text: string): void {
    const decoded = decodeFromServer(text);
    if (decoded.kind === "reply") this.#of(decoded.id).resolve("answered");
    if (decoded.kind === "refused") this.#of(decoded.id).resolve(decoded.refusal?.reason ?? "");
    if (decoded.kind === "push" && decoded.push.type === "ended" && decoded.push.cause.kind === "refused")
      this.end = decoded.push.cause.refusal?.reason ?? "";
  }

  /** `answered`, or the reason of the refusal. */
  async answerTo(id: number): Promise<string> {
    return await this.#of(id).promise;
  }

  #of(id: number): PromiseWithResolvers<string> {
    const known = this.#answers.get(id) ?? Promise.withResolvers<string>();
    this.#answers.set(id, known);
    return known;
  }
}

function nothing(): void {}

/** A session of an unknown peer of this machine, on a delivery service of its own. */
function opened(link: SessionLink) {
  const groups = new GroupService({
    server: SERVER.id,
    store: createMemoryStore(),
    saved: [],
    observers: createObservers(),
    outbox: { deliver: () => {} },
    now: () => 0,
    onStoreFailure: () => {},
  });
  const session = new FramesSession(
    link,
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
  return { groups, session };
}

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
