import { concat, withLength } from "./bytes.ts";
import { isSignedBy, signBytes, type SigningKey } from "./ed25519.ts";
import { whoBytes, type Who } from "./who.ts";

/**
 * A device's seal key (HPKE, X25519) is signed by its device key, so that neither a code to compare nor a record needs to know of it:
 * whoever trusts the device key may seal to it.
 * @param deviceId 16 bytes
 * @param sealKey 32 bytes
 */
export function signSealKey(deviceKey: SigningKey, who: Who, deviceId: Uint8Array, sealKey: Uint8Array): Uint8Array {
  return signBytes(deviceKey, signedBytes(who, deviceId, sealKey));
}

/** Whether the device with this public key has signed that seal key as its own. Never throws. */
export function isSealKeyOf(
  deviceKey: Uint8Array,
  given: {
    readonly who: Who;
    readonly deviceId: Uint8Array;
    readonly sealKey: Uint8Array;
    readonly signature: Uint8Array;
  },
): boolean {
  const { who, deviceId, sealKey, signature } = given;
  return isSignedBy(deviceKey, signature, signedBytes(who, deviceId, sealKey));
}

function signedBytes(who: Who, deviceId: Uint8Array, sealKey: Uint8Array): Uint8Array {
  return concat(whoBytes("padserve seal key v1", who), withLength(deviceId), withLength(sealKey));
}
