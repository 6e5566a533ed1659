/** What the server can read: the open room, and direct messages to and from anyone who can't seal. */
import * as v from "valibot";
import { count, name, text } from "./values.ts";

export const say = { request: v.object({ text }), reply: v.object({}) };
export const tell = { request: v.object({ to: name, text }), reply: v.object({}) };

export const said = v.object({
  type: v.literal("said"),
  from: name,
  text,
  at: count,
  /** One of the last lines from before this connection. */
  earlier: v.boolean(),
});
export const told = v.object({ type: v.literal("told"), from: name, text, at: count });
