import * as v from "valibot";
import { deviceId, key, label, listOf, name, owner, record } from "./values.ts";

const away = v.nullable(v.pipe(v.string(), v.maxBytes(256)));

/** Somebody who has a name here, there or not. What one seals to follows from `devices`, checked by the reader, never by the server's word. */
export const person = v.object({
  name,
  owner,
  label,
  online: v.boolean(),
  /** Whether a session of theirs can't seal: then one may write to them the open way only. */
  classic: v.boolean(),
  away,
  userKey: v.nullable(key),
  devices: listOf(v.object({ device: deviceId, record }), 32),
});
export type Person = v.InferOutput<typeof person>;

/** Everybody who has a name, page by page in the order of names. */
export const people = {
  request: v.object({ after: v.nullable(name) }),
  reply: v.object({ people: listOf(person, 100), more: v.boolean() }),
};

/** One person, by name. */
export const lookUp = { request: v.object({ name }), reply: v.object({ person: v.nullable(person) }) };

export const setAway = { request: v.object({ away }), reply: v.object({}) };

/** Somebody came, went, or changed. */
export const presence = v.object({ type: v.literal("presence"), people: listOf(person, 100) });
