/** A device that isn't its person's yet, as the store has it: made before it is named to anybody, and kept until something confirms it. */
import { withHpke } from "../../mls/hpke.ts";
import { newSigningKey, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { toBytes } from "../delivery/base64url.ts";
import { confirmDevice, newDeviceId } from "../device/make-device.ts";
import { isSameSecret, readToken } from "../device/token.ts";
import type { OwnDevice, Saved, SealKeyPair } from "../storage/kept.ts";
import { ownerOf } from "./introduce.ts";
import type { Introducing, KnownServer } from "./introduce.ts";

/** The device and its keys, on the disk. */
export interface Candidate {
  readonly who: Who;
  readonly device: OwnDevice;
  readonly sealKey: SealKeyPair;
  /** The secret of the token that it was given. */
  readonly token: Uint8Array | null;
  /** Somebody had a user key when it asked: it isn't the first device. */
  readonly hasWaited: boolean;
  /** This device has been its person's, as another one than now: their key is known here. */
  readonly isReturning: boolean;
}

export interface Candidates {
  /** As people have it, and perhaps none at all; null: it was given none. */
  token: string | null;
  /** Null: there is none. */
  load(): Promise<Candidate | null>;
  /** The one that waits, or a new one, which is on the disk before it is named to anybody. Rejects where one asks to be somebody else's. */
  ensure(hello: KnownServer): Promise<Candidate>;
  /** In place of whatever device there is. */
  make(of: Who): Promise<void>;
  /** False: there is no token that can be read, or it is the one that is kept. */
  keepToken(candidate: Candidate): Promise<boolean>;
  /** By itself, with its person's user key. */
  confirm(candidate: Candidate, label: string, userSeed: Uint8Array): Promise<void>;
  /** `record`: what another device has signed with that key. */
  keepConfirmation(candidate: Candidate, record: Uint8Array, userSeed: Uint8Array): Promise<void>;
}

export function candidatesIn({
  store,
  name,
  deviceLabel,
  system,
  token: given,
}: Introducing & { readonly token: string | null }): Candidates {
  const candidates: Candidates = {
    token: given,
    load: async () => candidateOf(await store.load()),
    async ensure(hello) {
      const who = { server: toBytes(hello.server.id), ...ownerOf(hello, name) };
      const before = await candidates.load();
      if (before === null) await candidates.make(who);
      else if (whoKey(before.who) !== whoKey(who)) throw new Error("this device asks to be somebody else's");
      else await candidates.keepToken(before);
      const candidate = await candidates.load();
      if (candidate === null) throw new Error("the store hasn't kept a device that was made");
      return candidate;
    },
    async make(of) {
      const id = newDeviceId((length) => system.randomBytes(length));
      const device = { id, seed: newSigningKey().seed };
      const sealKey = withHpke((hpke) => hpke.hpkeKey());
      await store.commit([{ kind: "device-pending", device, sealKey, of, token: secret() }]);
    },
    async keepToken(candidate) {
      const token = secret();
      if (token === null || (candidate.token !== null && isSameSecret(token, candidate.token))) return false;
      await store.commit([{ kind: "token-kept", token }]);
      return true;
    },
    async confirm({ who, device }, label, userSeed) {
      const fields = { ...who, label, deviceId: device.id, deviceLabel, node: "", notAfter: 0n };
      const record = confirmDevice(fields, userSeed, signingKeyOf(device.seed).publicKey);
      await keep(who, record, userSeed);
    },
    keepConfirmation: async ({ who }, record, userSeed) => await keep(who, record, userSeed),
  };
  return candidates;

  function secret(): Uint8Array | null {
    return candidates.token === null ? null : readToken(candidates.token);
  }

  /** Also over a pin of the person's former key, which a device that was removed and begins anew has. */
  async function keep(who: Who, record: Uint8Array, userSeed: Uint8Array): Promise<void> {
    const pin = pinOf(who, signingKeyOf(userSeed).publicKey, system.now());
    await store.commit([
      { kind: "device-confirmed", record, userSeed },
      { kind: "pin-kept", pin },
    ]);
  }
}

export function candidateOf({ device, candidate, sealKey, pins }: Saved): Candidate | null {
  if (device === null || candidate === null || sealKey === null) return null;
  const isReturning = pins.some((pin) => whoKey(pin.who) === whoKey(candidate.who));
  return { ...candidate, device, sealKey, isReturning };
}

/** Whether the server has let this device in before. */
export function wasTaken({ incarnation, groups }: Saved): boolean {
  return incarnation !== null || groups.some(({ status }) => status === "active" || status === "joining");
}
