import * as v from "valibot";
import { count, label, listOf, name } from "./values.ts";

const target = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const reason = v.nullable(v.pipe(v.string(), v.maxBytes(256)));
const nothing = v.object({});

export const kick = { request: v.object({ target, reason }), reply: nothing };
export const ban = { request: v.object({ target, reason }), reply: nothing };
export const unban = { request: v.object({ target }), reply: nothing };
/** Names and reasons that one answer tells; of more bans than that, the first in the order of their names. */
export const MOST_BANS = 10_000;
export const MOST_REASONS = 1_000;

/** Sorted. `reasons`: of those that were given one; missing from servers that don't tell them. */
export const bans = {
  request: nothing,
  reply: v.object({
    names: listOf(name, MOST_BANS),
    reasons: v.exactOptional(listOf(v.object({ name, reason: v.pipe(v.string(), v.maxBytes(1024)) }), MOST_REASONS)),
  }),
};
export const serverInfo = { request: nothing, reply: v.object({ host: label, sessions: count }) };

export const operatorChanged = v.object({ type: v.literal("operator"), operator: v.boolean() });
/** Somebody was kicked or banned. */
export const moderated = v.object({
  type: v.literal("moderated"),
  name,
  by: name,
  how: v.picklist(["kick", "ban"]),
  reason,
});
