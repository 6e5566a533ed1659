import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AgentStoreError } from "../errors.ts";

/**
 * AES-256-GCM under a key that lies in a file apart, so that a copy of the database alone opens no keys. Each secret is bound to
 * its place (table and row): one put into another's place doesn't open. An older secret put back into its own place does;
 * that a device was taken back to an older state, the server notices (SEALED.md 9).
 */
export interface Secrets {
  seal(place: string, secret: Uint8Array): Uint8Array;
  /** Throws an `AgentStoreError` for what this key didn't seal for this place. */
  open(place: string, sealed: Uint8Array): Uint8Array;
}

export const SECRETS_KEY_BYTES = 32;

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES;

/** Version, random nonce, ciphertext, tag. Random nonces of one key are good for 2³² secrets (NIST SP 800-38D, 8.3). */
export function secretsUnder(key: Uint8Array): Secrets {
  return {
    seal(place, secret) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(boundTo(place));
      return Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    },
    open(place, sealed) {
      if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES + TAG_BYTES) throw damaged(place);
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, HEAD_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(boundTo(place))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch (error) {
        throw damaged(place, error);
      }
    },
  };
}

function boundTo(place: string): Uint8Array {
  return Buffer.from(`padserve secret v1\0${place}`);
}

function damaged(place: string, cause?: unknown): AgentStoreError {
  return new AgentStoreError(
    "damaged",
    `The device's secret ${place} doesn't open. The folder was changed by something else than Padserve; bring back the whole folder, or make a new device.`,
    cause,
  );
}
