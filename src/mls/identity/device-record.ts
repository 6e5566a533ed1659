import { concat, domain, withLength } from "./bytes.ts";
import { isSignedBy, KEY_BYTES, SIGNATURE_BYTES, signBytes } from "./ed25519.ts";
import type { SigningKey } from "./ed25519.ts";
import { KINDS } from "./who.ts";
import type { Who } from "./who.ts";

/** What a leaf says about its device, signed by the person's user key: docs/device-record.md, version 1. */
export interface DeviceRecord extends Who {
  /** Login or node name: for people to read, never compared. */
  readonly label: string;
  /** 16 bytes. */
  readonly deviceId: Uint8Array;
  /** What the person calls the device. */
  readonly deviceLabel: string;
  /** Stable id of the node that it is on; empty where there is none. */
  readonly node: string;
  readonly userKey: Uint8Array;
  /** Seconds since 1970; 0: no end. Never held against one's own clock: the server checks it. */
  readonly notAfter: bigint;
}

/** What the user key signs; its own public half is part of the record. */
export type RecordFields = Omit<DeviceRecord, "userKey">;

/** Why bytes are no record. The bytes are the same for all members, and so is the reason. */
type RecordFault = "version" | "kind" | "length" | "text" | "tail" | "signature";

export type ReadRecord =
  | { readonly ok: true; readonly record: DeviceRecord }
  | { readonly ok: false; readonly fault: RecordFault };

/** The most bytes that a record can have. */
export const RECORD_BYTES = 844;

const VERSION = 1;

/** Name, least and most bytes of each field before the signature, in their order. */
const FIELDS: readonly (readonly [name: string, least: number, most: number])[] = [
  ["server", 1, 64],
  ["identity", 1, 256],
  ["label", 0, 256],
  ["deviceId", 16, 16],
  ["deviceLabel", 0, 64],
  ["node", 0, 64],
  ["userKey", KEY_BYTES, KEY_BYTES],
  ["notAfter", 8, 8],
];

/**
 * The record's bytes for a device, signed. Throws a `RangeError` that names the field when one has too few or too many bytes,
 * and a `TypeError` for a text with half a surrogate pair, which UTF-8 can't say.
 */
export function signRecord(fields: RecordFields, userKey: SigningKey, deviceKey: Uint8Array): Uint8Array {
  if (deviceKey.length !== KEY_BYTES) throw new RangeError(`a device key has ${KEY_BYTES} bytes`);
  const unsigned = encode({ ...fields, userKey: userKey.publicKey });
  return concat(unsigned, withLength(signBytes(userKey, signedBytes(unsigned, deviceKey))));
}

/** The record in these bytes, if its user key has signed it for this device key. Never throws. */
export function readRecord(bytes: Uint8Array, deviceKey: Uint8Array): ReadRecord {
  const decoded = decode(bytes);
  if (typeof decoded === "string") return { ok: false, fault: decoded };
  const { record, unsigned, signature } = decoded;
  const isSigned = isSignedBy(record.userKey, signature, signedBytes(unsigned, deviceKey));
  return isSigned ? { ok: true, record } : { ok: false, fault: "signature" };
}

/**
 * The record of a leaf or key package that the engine or an observer has let in, which has verified it: not verified again, since
 * node:crypto takes other signatures at Ed25519's edges (EN-35) and all members must read the same. Never throws.
 */
export function readVerifiedRecord(bytes: Uint8Array): ReadRecord {
  const decoded = decode(bytes);
  return typeof decoded === "string" ? { ok: false, fault: decoded } : { ok: true, record: decoded.record };
}

function encode(record: DeviceRecord): Uint8Array {
  // In the order of FIELDS.
  const values = [
    record.server,
    utf8("identity", record.identity),
    utf8("label", record.label),
    record.deviceId,
    utf8("deviceLabel", record.deviceLabel),
    utf8("node", record.node),
    record.userKey,
    unsigned64("notAfter", record.notAfter),
  ];
  const fields = values.map((value, index) => {
    const [name, least, most] = FIELDS[index] ?? ["", 0, 0];
    if (value.length >= least && value.length <= most) return withLength(value);
    throw new RangeError(`${name} has ${value.length} bytes, allowed are ${least} to ${most}`);
  });
  return concat(Uint8Array.of(VERSION, KINDS.indexOf(record.kind) + 1), ...fields);
}

interface Decoded {
  readonly record: DeviceRecord;
  readonly unsigned: Uint8Array;
  readonly signature: Uint8Array;
}

function decode(bytes: Uint8Array): Decoded | RecordFault {
  if (bytes.length > RECORD_BYTES) return "length";
  if (bytes[0] !== VERSION) return "version";
  const kind = KINDS[(bytes[1] ?? 0) - 1];
  if (kind === undefined) return "kind";

  let at = 2;
  const take = (least: number, most: number): Uint8Array | null => {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const end = at + 2 + length;
    if (end > bytes.length || length < least || length > most) return null;
    const field = bytes.slice(at + 2, end);
    at = end;
    return field;
  };
  const [server, identity, label, deviceId, deviceLabel, node, userKey, notAfter] = FIELDS.map(([, least, most]) =>
    take(least, most),
  );
  const unsigned = bytes.slice(0, at);
  const signature = take(SIGNATURE_BYTES, SIGNATURE_BYTES);
  if (!server || !identity || !label || !deviceId || !deviceLabel || !node || !userKey || !notAfter || !signature) {
    return "length";
  }
  if (at !== bytes.length) return "tail";

  const texts = [identity, label, deviceLabel, node].map(textOf);
  const [identityText, labelText, deviceText, nodeText] = texts.filter((text) => text !== null);
  if (identityText === undefined || labelText === undefined || deviceText === undefined || nodeText === undefined) {
    return "text";
  }
  const record: DeviceRecord = {
    server,
    kind,
    identity: identityText,
    label: labelText,
    deviceId,
    deviceLabel: deviceText,
    node: nodeText,
    userKey,
    notAfter: new DataView(notAfter.buffer).getBigUint64(0),
  };
  return { record, unsigned, signature };
}

function signedBytes(unsigned: Uint8Array, deviceKey: Uint8Array): Uint8Array {
  return concat(domain("padserve device record v1"), unsigned, withLength(deviceKey));
}

function unsigned64(field: string, value: bigint): Uint8Array {
  if (value < 0n || value >= 1n << 64n) throw new RangeError(`${field} is no unsigned 64-bit number`);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

function utf8(field: string, text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError(`${field} holds half a surrogate pair`);
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
