import type { FrameOptions } from "../../client/frames/index.ts";
import { createGroupEngine } from "../../mls/create-group-engine.ts";
import type { GroupEngine } from "../../mls/group-engine.ts";
import { withHpke } from "../../mls/hpke.ts";
import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { signBytes, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { foldName } from "../../mls/identity/pins.ts";
import { signSealKey } from "../../mls/identity/seal-key.ts";
import { helloProof } from "../../wire/frames/hello.ts";
import type { Owner } from "../../wire/frames/values.ts";
import type { Who } from "../../mls/identity/who.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { knownPeople } from "../device/known-people.ts";
import type { KnownPeople } from "../device/known-people.ts";
import { isPending, makeReplacement } from "../device/make-device.ts";
import type { System } from "../group-sessions/ports.ts";
import type { OwnDevice, QueuedMessage, Saved, SealKeyPair } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";

/** This device, once it is known on which server it is and whose. */
export interface Self {
  readonly server: Uint8Array;
  readonly owner: Owner;
  /** With the record as it was signed last. */
  device: OwnDevice;
  /** To which others seal for this device. */
  readonly sealKey: SealKeyPair;
  readonly engine: GroupEngine;
  readonly people: KnownPeople;
  /** The devices that this one took the place of, one after another. */
  readonly former: readonly Uint8Array[];
}

export interface Introducing {
  readonly store: AgentStore;
  /** The name to speak under: without a tailnet it is the identity. */
  readonly name: string;
  readonly deviceLabel: string;
  readonly system: System;
}

type Hello = Parameters<NonNullable<FrameOptions["device"]>>[0];

/** What a device must know to be one: from the server's hello, or kept from an earlier one. */
export interface KnownServer {
  readonly server: Pick<Hello["server"], "id">;
  readonly you: Pick<Hello["you"], "owner" | "label">;
}

type Proof = Exclude<Awaited<ReturnType<NonNullable<FrameOptions["device"]>>>, "again" | null>;

/** The device of what the store has saved; null where it has none that is its person's (pending.ts). */
export async function becomeSelf(
  { store, name, system }: Introducing,
  saved: Saved,
  hello: KnownServer,
): Promise<Self | null> {
  const server = toBytes(hello.server.id);
  const owner = ownerOf(hello, name);
  const { device } = saved;
  if (device === null || isPending(device)) return null;
  const { seed, record } = device;
  const engine = createGroupEngine({ seed, record });
  const sealKey = saved.sealKey ?? engine.hpkeKey();
  if (saved.sealKey === null) await store.commit([{ kind: "seal-key-kept", sealKey }]);
  return {
    server,
    owner,
    device,
    sealKey,
    engine,
    people: knownPeople(saved, () => system.now(), {
      identity: { server, ...owner },
      deviceId: device.id,
      deviceKey: signingKeyOf(seed).publicKey,
    }),
    former: saved.formerDevices,
  };
}

/**
 * Puts another device of the same person in the place of one whose state is an older one; on the disk before it is named to anybody. Throws
 * where this device can't sign one.
 */
export async function replaceSelf(
  { store, name, deviceLabel, system }: Introducing,
  hello: KnownServer,
): Promise<readonly QueuedMessage[]> {
  const [{ userSeed }, waiting] = [await store.load(), await store.outbox()];
  if (userSeed === null) throw new Error("this device was rolled back, and has no user key to sign another one with");
  const fields = { ...ownerOf(hello, name), server: toBytes(hello.server.id), label: hello.you.label };
  const device = makeReplacement(
    { ...fields, deviceLabel, node: "", notAfter: 0n },
    { userSeed, randomBytes: (length) => system.randomBytes(length) },
  );
  const sealKey = withHpke((hpke) => hpke.hpkeKey());
  await store.commit([
    { kind: "device-replaced", device },
    { kind: "seal-key-kept", sealKey },
  ]);
  return waiting;
}

/** Whether a connection leads to this device's server, and to this device's person there: else it says nothing to it. */
export function isAtHome({ server, owner }: Self, hello: KnownServer, name: string): boolean {
  const { kind, identity } = ownerOf(hello, name);
  return hello.server.id === toText(server) && kind === owner.kind && identity === owner.identity;
}

/** Who this device is of, as a record names them. */
export function ownWho({ server, owner }: Pick<Self, "server" | "owner">): Who {
  return { server, ...owner };
}

/** The user key that this device's own record is under. */
export function keyIn({ device }: Self): Uint8Array {
  const read = readVerifiedRecord(device.record);
  return read.ok ? read.record.userKey : new Uint8Array();
}

/** Without a tailnet the name is who one is. */
export function ownerOf({ you }: KnownServer, name: string): Owner {
  return you.owner ?? { kind: "name", identity: foldName(name) };
}

/**
 * For one connection. `receipt`: the last that the server gave. The counter is raised and saved first, so that a copy of this device shows (SEALED.md 9).
 */
export async function proveSelf(
  store: AgentStore,
  { device, sealKey, server, owner }: Self,
  hello: Hello,
  receipt: string | null,
): Promise<Proof> {
  const key = signingKeyOf(device.seed);
  const id = toText(device.id);
  const counter = await store.raiseCounter();
  const proof = signBytes(key, helloProof({ nonce: hello.nonce, server: hello.server.id, device: id, counter }));
  return {
    device: id,
    key: toText(key.publicKey),
    record: device.record,
    counter,
    proof,
    sealKey: {
      key: toText(sealKey.publicKey),
      signature: signSealKey(key, { server, ...owner }, device.id, sealKey.publicKey),
    },
    receipt: receipt === null ? null : toBytes(receipt),
  };
}
