import * as v from "valibot";
import { receipt, sealKey } from "./devices.ts";
import { bytesUpTo, count, deviceId, key, label, listOf, name, owner, record, serverId } from "./values.ts";

const features = listOf(v.pipe(v.string(), v.maxLength(64)), 64);
const client = v.pipe(v.string(), v.maxLength(64));

/** The first frame of all, from the server, unasked. */
export const serverHello = v.object({
  type: v.literal("hello"),
  version: count,
  features,
  /** `incarnation` is new after each restore from a backup; `id` stays. */
  server: v.object({ id: serverId, incarnation: serverId, name: label }),
  /** False: there is no `ALL` and nobody who can't seal. */
  openRoom: v.optional(v.boolean(), true),
  /** What time it is here, milliseconds since 1970: a client's own clock may be wrong. */
  at: v.optional(v.nullable(count), null),
  /** 32 random bytes, for this connection alone. */
  nonce: key,
  /** Who the server takes this connection for. `owner` is null where that depends on the name that is claimed. */
  you: v.object({ owner: v.nullable(owner), label, operator: v.boolean() }),
  limits: v.object({ frame: count, page: count, requests: count }),
});

/** The first request. Nothing else is answered before it. */
export const hello = {
  request: v.object({
    version: count,
    features,
    client,
    /** The name to speak under; null: the one this identity has claimed, if any. */
    name: v.nullable(name),
    /** Missing: then only the open room and what isn't sealed. */
    device: v.nullable(
      v.object({
        device: deviceId,
        /** The device's public key, for which the record is signed. */
        key,
        record,
        /** Rises with every hello of this device. */
        counter: count,
        /** Ed25519 by the device key, over `helloProof`. */
        proof: bytesUpTo(64),
        /** The key to which this device's person can seal for it. Feature `devices`. */
        sealKey: v.optional(v.nullable(sealKey), null),
        /** The last one that a server with this id gave this device. Feature `devices`. */
        receipt: v.optional(v.nullable(receipt), null),
      }),
    ),
  }),
  reply: v.object({
    name: v.nullable(name),
    operator: v.boolean(),
    /**
     * Null without a device. `packages`: key packages that wait on the server. `userKey`: the owner's present one; where it isn't that of the
     * record, another device has replaced it, and `ask-confirmation` gives what there is for this one.
     */
    device: v.nullable(
      v.object({
        packages: count,
        lastResort: v.boolean(),
        userKey: key,
        /** To be kept in place of the one before, and shown in the next hello. Feature `devices`. */
        receipt: v.optional(v.nullable(receipt), null),
      }),
    ),
  }),
};

const DOMAIN = "padserve frames hello v1";

/** What a device signs to prove, to this server and for this connection, that it holds its key. */
export function helloProof(given: {
  readonly nonce: string;
  readonly server: string;
  readonly device: string;
  readonly counter: number;
}): Uint8Array {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(given.counter));
  const parts = [given.nonce, given.server, given.device].map((id) => Buffer.from(id, "base64url"));
  return new Uint8Array(Buffer.concat([Buffer.from(`${DOMAIN}\0`), ...parts, counter]));
}
