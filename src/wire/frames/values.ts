/** Schemas of what many frames carry. Every string, list and number has a bound. */
import * as v from "valibot";

/** Bytes are base64url without padding in JSON; `length` of them exactly. Stays text: an id, a key, a hash. */
function idOf(length: number) {
  const characters = Math.ceil((length * 4) / 3);
  return v.pipe(v.string(), v.length(characters), v.regex(/^[A-Za-z0-9_-]*$/), v.check(isCanonical));
}

/** At most `most` bytes, base64url without padding in JSON, bytes as a value. */
export function bytesUpTo(most: number) {
  return v.pipe(
    v.string(),
    v.maxLength(Math.ceil((most * 4) / 3)),
    v.regex(/^[A-Za-z0-9_-]*$/),
    v.check(isCanonical),
    v.transform((text): Uint8Array => new Uint8Array(Buffer.from(text, "base64url"))),
  );
}

/** Each byte string has one text: no stray bits in the last character. */
function isCanonical(text: string): boolean {
  const rest = text.length % 4;
  if (rest === 1) return false;
  if (rest === 0) return true;
  const tail = text.slice(-rest);
  return Buffer.from(tail, "base64url").toString("base64url") === tail;
}

export const deviceId = idOf(16);
export const groupId = idOf(16);
export const messageId = idOf(16);
export const requestId = idOf(16);
export const serverId = idOf(16);
/** An Ed25519 public key, or a SHA-256. */
export const key = idOf(32);

/** Counts from 0; a log's numbers, epochs, milliseconds since 1970. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** At most as long as a name may be; which names are valid is the server's to say. */
export const name = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
/** Room names are written with their `#` by people, never in frames. */
const roomName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,31}$/i));
/** What people wrote and the server can read. */
export const text = v.pipe(v.string(), v.minLength(1), v.maxBytes(32_768));
export const label = v.pipe(v.string(), v.maxBytes(256));
export const record = bytesUpTo(844);
export const keyPackage = bytesUpTo(4_096);
export const sealed = bytesUpTo(81_920);
export const handshake = bytesUpTo(262_144);
export const groupInfo = bytesUpTo(1_048_576);

export const access = v.picklist(["open", "invite", "listed"]);
/** Who somebody is, as the tailnet says; see docs/device-record.md. */
export const owner = v.object({
  kind: v.picklist(["person", "machine", "address", "name"]),
  identity: v.pipe(v.string(), v.minLength(1), v.maxBytes(256)),
});

/** What a group stands for. */
export const place = v.variant("kind", [
  v.object({ kind: v.literal("everyone") }),
  v.object({ kind: v.literal("room"), name: roomName }),
  v.object({ kind: v.literal("direct"), between: v.tuple([owner, owner]) }),
]);

export type Owner = v.InferOutput<typeof owner>;
export type Place = v.InferOutput<typeof place>;

/** A list with a bound. */
export function listOf<Item extends v.GenericSchema>(item: Item, most: number) {
  return v.pipe(v.array(item), v.maxLength(most));
}

/** JSON in which bytes are base64url without padding. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, replaceBytes);
}

/** `this` holds the value as it was: a Buffer has turned itself into an object of numbers by the time it is passed. */
function replaceBytes(this: unknown, property: string, value: unknown): unknown {
  const original: unknown = typeof this === "object" && this !== null ? Reflect.get(this, property) : value;
  return original instanceof Uint8Array
    ? Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString("base64url")
    : value;
}
