import type { FramesClient, ServerHello } from "../../client/frames/index.ts";
import { newSigningKey, signBytes, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import { signSealKey } from "../../mls/identity/seal-key.ts";
import { whoKey } from "../../mls/identity/who.ts";
import { helloProof } from "../../wire/frames/hello.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { confirmDevice } from "../device/make-device.ts";
import type { Introducing } from "./introduce.ts";
import { ownerOf } from "./introduce.ts";
import { failed } from "./rooms.ts";
import type { Failed } from "./rooms.ts";
import { whyNot } from "./why-not.ts";

export interface Reset {
  readonly kind: "reset";
}

export interface Resetting extends Introducing {
  readonly client: FramesClient;
  /** Of the present connection, which must stand. */
  readonly hello: ServerHello;
}

/**
 * All devices of the person are lost or untrusted (SEALED.md 5): the device that waits here, whose keys are on the disk, is the only one from now
 * on, under a new user key, where the tailnet vouches for whose it is. It has no rooms, and others see a changed key. The user key is on the disk
 * behind the server's yes: whoever is ended in between has lost a key that nothing was done with, and asks again.
 */
export async function resetDevices({
  store,
  name,
  deviceLabel,
  system,
  client,
  hello,
}: Resetting): Promise<Reset | Failed> {
  const { device, sealKey, candidate } = await store.load();
  if (device === null || sealKey === null || candidate === null) return failed("device-confirmed");
  const who = { server: toBytes(hello.server.id), ...ownerOf(hello, name) };
  if (whoKey(who) !== whoKey(candidate.who)) return failed("device-not-confirmed");
  const [key, userKey] = [signingKeyOf(device.seed), newSigningKey()];
  const fields = { ...who, label: hello.you.label, deviceId: device.id, deviceLabel, node: "", notAfter: 0n };
  const record = confirmDevice(fields, userKey.seed, key.publicKey);
  const counter = await store.raiseCounter();
  const id = toText(device.id);
  const proof = signBytes(key, helloProof({ nonce: hello.nonce, server: hello.server.id, device: id, counter }));
  const signature = signSealKey(key, who, device.id, sealKey.publicKey);
  const shown = { key: toText(sealKey.publicKey), signature };
  const answer = await client.request("reset-user-key", {
    name: hello.you.owner === null ? name : null,
    device: { device: id, key: toText(key.publicKey), record, counter, proof, sealKey: shown },
  });
  if (answer.kind !== "answered") return failed(whyNot(answer));
  await store.commit([
    { kind: "device-confirmed", record, userSeed: userKey.seed },
    { kind: "pin-kept", pin: pinOf(who, userKey.publicKey, system.now()) },
  ]);
  return { kind: "reset" };
}
