import type { Outcome } from "../../client/index.ts";
import type { ChatRequest } from "../wire/messages.ts";
import type { RequestName } from "../wire/requests.ts";

/** By which socket a face has come: its user's own, or the one that an agent shares with a group. */
export type FaceRights = "owner" | "guest";

/**
 * What a guest may ask of the chat: to read, to write, and to manage rooms. Whom this device trusts (changed keys, compared numbers, who
 * may be written to in the open), which devices its person has, what leaves with a file and, where this device is an operator, whom the
 * server keeps out are for the agent's own user alone.
 */
const FOR_GUESTS: Readonly<Record<RequestName, boolean>> = {
  send: true,
  edit: true,
  remove: true,
  rooms: true,
  createRoom: true,
  join: true,
  leave: true,
  invite: true,
  members: true,
  direct: true,
  allowPlain: false,
  acceptReaders: false,
  caughtUp: true,
  safetyNumber: true,
  confirmNumber: false,
  search: true,
  since: true,
  devices: true,
  confirmDevice: false,
  dismissDevice: false,
  removeDevices: false,
  inviteDevice: false,
  resetDevices: false,
  newDevice: false,
  ownNumber: true,
  exportDevice: false,
  importDevice: false,
  page: true,
  people: true,
  info: true,
  help: true,
  kick: false,
  ban: false,
  unban: false,
  bans: false,
  serverInfo: true,
};

/** Null: they may. */
export function refusedToGuest(rights: FaceRights, { name }: Pick<ChatRequest, "name">): Outcome | null {
  if (rights === "owner" || FOR_GUESTS[name]) return null;
  return { kind: "refused", error: { reason: "own-user-only" } };
}
