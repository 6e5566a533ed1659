import { whoKey } from "../../mls/identity/who.ts";
import type { PolicyPerson } from "../../mls/room-policy.ts";
import { conversationOf } from "../delivery/places.ts";
import { toText } from "../delivery/base64url.ts";
import type { CommitOutcome } from "../group-sessions/commit.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import { OPEN } from "./arriving.ts";
import { create } from "./entering.ts";
import type { Entrance } from "./entering.ts";
import { lookUp, takePackages, whoOf } from "./people.ts";

/** Why something can't be done, in a word: the server's refusal, or one of ours. */
export interface Failed {
  readonly kind: "failed";
  readonly why: string;
}

export interface Conversations {
  /** A room, without its `#`. It is there when `settled`. */
  createRoom(name: string, access: "open" | "invite"): Promise<{ readonly conversation: string } | Failed>;
  /** All devices of the person, at once. */
  invite(conversation: string, name: string): Promise<CommitOutcome | Failed>;
  /** The direct conversation with that person, made if there is none. */
  openDirect(name: string): Promise<{ readonly conversation: string } | Failed>;
  /** Keeps a message to be sent. `shown`: whom the writer saw as readers. Its id; null: no such conversation. */
  write(conversation: string, content: Uint8Array, shown: readonly string[]): Promise<Uint8Array | null>;
  /** What waits there is tried again, after somebody has looked. */
  goOn(conversation: string): Promise<void>;
  /** Null for a conversation that isn't there. */
  session(conversation: string): Promise<GroupSession | null>;
}

export function conversations(entranceOf: () => Promise<Entrance | null>): Conversations {
  return {
    async createRoom(name, access) {
      const entrance = await entranceOf();
      if (entrance === null) return OFFLINE;
      const conversation = conversationOf({ kind: "room", name }, entrance.self.owner);
      if (await isOpen(entrance, conversation)) return { kind: "failed", why: "place-taken" };
      await create(entrance, conversation, { ...OPEN, access });
      return { conversation };
    },
    async invite(conversation, name) {
      const entrance = await entranceOf();
      return entrance === null ? OFFLINE : await invite(entrance, conversation, name);
    },
    async openDirect(name) {
      const entrance = await entranceOf();
      return entrance === null ? OFFLINE : await openDirect(entrance, name);
    },
    async write(conversation, content, shown) {
      const entrance = await entranceOf();
      const session = entrance?.groups.of(conversation) ?? null;
      if (entrance === null || session === null) return null;
      const { system, groups, digest } = entrance;
      const messageId = system.randomBytes(16);
      const { text } = digest(content);
      await session.write({ messageId, content, text, writtenAt: system.now() }, shown);
      groups.wake(toText(session.id));
      return messageId;
    },
    async goOn(conversation) {
      const groups = (await entranceOf())?.groups;
      const session = groups?.of(conversation) ?? null;
      if (session !== null) groups?.wake(toText(session.id));
    },
    session: async (conversation) => (await entranceOf())?.groups.of(conversation) ?? null,
  };
}

const OFFLINE: Failed = { kind: "failed", why: "offline" };

async function isOpen({ groups }: Entrance, conversation: string): Promise<boolean> {
  const status = (await groups.of(conversation)?.look())?.row.status;
  return status === "active" || status === "joining";
}

async function invite(entrance: Entrance, conversation: string, name: string): Promise<CommitOutcome | Failed> {
  const session = entrance.groups.of(conversation);
  if (session === null) return { kind: "failed", why: "no-such-conversation" };
  const person = await lookUp(entrance, name);
  if (typeof person === "string") return { kind: "failed", why: person };
  const now = entrance.system.now();
  const invited = await takePackages(entrance, { group: session.id, person, now });
  if (typeof invited === "string") return { kind: "failed", why: invited };
  const outcome = await session.commit({ kind: "add", devices: invited.devices });
  // Who invites somebody knows that they read from now on.
  if (outcome.kind === "done" || outcome.kind === "nothing-to-do") await session.showReaders([invited.who]);
  entrance.groups.wake(toText(session.id));
  return outcome;
}

async function openDirect(entrance: Entrance, name: string): Promise<{ readonly conversation: string } | Failed> {
  const { self, groups } = entrance;
  const person = await lookUp(entrance, name);
  if (typeof person === "string") return { kind: "failed", why: person };
  const conversation = conversationOf({ kind: "direct", between: [self.owner, person.owner] }, self.owner);
  if (await isOpen(entrance, conversation)) return { conversation };
  const listed: PolicyPerson[] =
    whoKey(whoOf(self, person)) === whoKey({ server: self.server, ...self.owner })
      ? [self.owner]
      : [self.owner, person.owner];
  const id = await create(entrance, conversation, { ...OPEN, access: "listed", listed });
  await groups.session(toText(id))?.advance();
  const invited = await invite(entrance, conversation, name);
  return invited.kind === "failed" ? invited : { conversation };
}
