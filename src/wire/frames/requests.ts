/** Everything that a client may ask, and the answers to it, by type. */
import type * as v from "valibot";
import * as devices from "./devices.ts";
import * as groups from "./groups.ts";
import { hello } from "./hello.ts";
import { publishPackages, takePackages } from "./key-packages.ts";
import * as moderation from "./moderation.ts";
import { say, tell } from "./open-room.ts";
import { lookUp, people, setAway } from "./people.ts";

export const REQUESTS = {
  hello,
  say,
  tell,
  people,
  "look-up": lookUp,
  away: setAway,
  "publish-packages": publishPackages,
  "take-packages": takePackages,
  groups: groups.listGroups,
  "create-group": groups.createGroup,
  commit: groups.commit,
  "ask-turn": groups.askTurn,
  "give-up-turn": groups.giveUpTurn,
  send: groups.send,
  read: groups.read,
  acknowledge: groups.acknowledge,
  "read-group-info": groups.readGroupInfo,
  "read-welcome": groups.readWelcome,
  "welcome-done": groups.welcomeDone,
  leave: groups.leave,
  "report-commit": groups.reportCommit,
  "ask-confirmation": devices.askConfirmation,
  "own-devices": devices.ownDevices,
  "confirm-device": devices.confirmDevice,
  "dismiss-device": devices.dismissDevice,
  "retire-device": devices.retireDevice,
  "rotate-user-key": devices.rotateUserKey,
  "reset-user-key": devices.resetUserKey,
  successions: devices.successions,
  "keep-successions": devices.keepSuccessions,
  kick: moderation.kick,
  ban: moderation.ban,
  unban: moderation.unban,
  bans: moderation.bans,
  "server-info": moderation.serverInfo,
} as const;

export type RequestType = keyof typeof REQUESTS;
export type RequestBody<T extends RequestType> = v.InferOutput<(typeof REQUESTS)[T]["request"]>;
export type ReplyBody<T extends RequestType> = v.InferOutput<(typeof REQUESTS)[T]["reply"]>;

/** A request as both ends hold it. `id` is the client's, and comes back with the answer. */
export type Request = {
  [T in RequestType]: { readonly id: number; readonly type: T; readonly body: RequestBody<T> };
}[RequestType];

export function isRequestType(type: string): type is RequestType {
  return Object.hasOwn(REQUESTS, type);
}
