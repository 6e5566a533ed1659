import { randomBytes } from "node:crypto";
import type { ConversationId, Failure, SealedChat, SendOptions } from "../../client/index.ts";
import type { Asks, Gives, RequestName } from "../wire/requests.ts";
import { Asking } from "./asking.ts";
import type { HeartbeatTimings } from "./heartbeat.ts";
import type { Link } from "./link.ts";
import { Sight } from "./sight.ts";
import type { Reopen } from "./sight.ts";

export interface AttachedOptions {
  /** Attached: its snapshot has been told. */
  readonly link: Link;
  readonly reopen: Reopen;
  readonly signal?: AbortSignal | undefined;
  readonly heartbeat?: Partial<HeartbeatTimings> | undefined;
}

/** The most that one page, or one search, is asked for. */
const MOST_ASKED = 10_000;

/** A chat that an agent has, as one face sees it and asks of it. */
export function attachedChat({ link, reopen, signal, heartbeat }: AttachedOptions): SealedChat {
  const asking = new Asking();
  const sight: Sight = new Sight({
    asking,
    reopen,
    heartbeat,
    page: async (conversation, limit) => await ask("page", { conversation, before: null, limit }),
  });
  sight.use(link);
  const onAbort = (): void => sight.end({ kind: "left" });
  signal?.addEventListener("abort", onAbort, { once: true });
  void sight.ended().then(() => signal?.removeEventListener("abort", onAbort));
  if (signal?.aborted === true) onAbort();

  return {
    get me() {
      return sight.me;
    },
    get state() {
      return sight.state;
    },
    get standing() {
      return sight.standing;
    },
    get conversations() {
      return sight.conversations;
    },
    named: (words) => sight.named(words),
    onEvent: (listener) => sight.onEvent(listener),
    online: () => sight.online(),
    ended: () => sight.ended(),
    close: async () => {
      sight.end({ kind: "left" });
      await sight.ended();
    },
    longestText: (conversation) => sight.longestText(conversation),
    send: async (conversation, text, options: SendOptions = {}) =>
      await write("send", conversation, { conversation, text, options: copyOf(options), id: newId() }),
    edit: async (conversation, message, text) =>
      await write("edit", conversation, { conversation, message, text, id: newId() }),
    remove: async (conversation, message) =>
      await write("remove", conversation, { conversation, message, id: newId() }),
    rooms: async () => await ask("rooms", {}),
    createRoom: async (name, access) => await ask("createRoom", { name, access }),
    join: async (name) => await ask("join", { name }),
    leave: async (conversation) => await ask("leave", { conversation }),
    invite: async (conversation, person) => await ask("invite", { conversation, person }),
    members: async (conversation) => await ask("members", { conversation }),
    direct: async (person) => await ask("direct", { person }),
    allowPlain: async (person) => await ask("allowPlain", { person }),
    caughtUp: async (conversation) => await ask("caughtUp", { conversation }),
    acceptReaders: async (conversation) => await ask("acceptReaders", { conversation }),
    search: async (words, conversation, limit) => await ask("search", { words, conversation, limit: bounded(limit) }),
    since: async (conversation, number, limit) => await ask("since", { conversation, number, limit: bounded(limit) }),
    safetyNumber: async (person) => await ask("safetyNumber", { person }),
    confirmNumber: async (person, number) => await ask("confirmNumber", { person, number }),
    devices: async () => await ask("devices", {}),
    confirmDevice: async (code) => await ask("confirmDevice", { code }),
    dismissDevice: async (id) => await ask("dismissDevice", { id }),
    removeDevices: async (ids) => await ask("removeDevices", { ids: [...ids] }),
    inviteDevice: async (minutes) => await ask("inviteDevice", { minutes }),
    resetDevices: async () => await ask("resetDevices", {}),
    newDevice: async () => await ask("newDevice", {}),
    ownNumber: async () => await ask("ownNumber", {}),
    exportDevice: async (file, passphrase) => await ask("exportDevice", { file, passphrase }),
    importDevice: async (file, passphrase) => await ask("importDevice", { file, passphrase }),
    page: async (conversation, before, limit) => await ask("page", { conversation, before, limit: bounded(limit) }),
    people: async () => await ask("people", {}),
    info: async () => await ask("info", {}),
    help: async () => await ask("help", {}),
    kick: async (name, reason) => await ask("kick", { name, ...(reason === undefined ? {} : { reason }) }),
    ban: async (name, reason) => await ask("ban", { name, ...(reason === undefined ? {} : { reason }) }),
    unban: async (name) => await ask("unban", { name }),
    bans: async () => await ask("bans", {}),
    serverInfo: async () => await ask("serverInfo", {}),
  };

  async function write<Name extends "send" | "edit" | "remove">(name: Name, id: ConversationId, body: Asks<Name>) {
    sight.asked();
    return await asking.ask(name, body, sight.keepsMessages(id));
  }

  async function ask<Name extends RequestName>(name: Name, body: Asks<Name>): Promise<Gives<Name> | Failure> {
    sight.asked();
    return await asking.ask(name, body, false);
  }
}

/** Of a message, so that it can be asked whether it was written. */
function newId(): string {
  return randomBytes(16).toString("base64url");
}

function bounded(limit: number): number {
  return Math.min(MOST_ASKED, Math.max(1, Math.floor(limit)));
}

function copyOf({ shown, ...options }: SendOptions) {
  return shown === undefined ? options : { ...options, shown: [...shown] };
}
