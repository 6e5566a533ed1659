import type { Standing } from "../group-sessions/context.ts";
import type { Person } from "../group-sessions/person.ts";
import type { GroupSession } from "../group-sessions/session.ts";
import type { GroupRow } from "../storage/kept.ts";
import { toText } from "../delivery/base64url.ts";

interface Kept {
  readonly conversation: string;
  readonly session: GroupSession;
  isDue: boolean;
  running: Promise<void> | null;
}

export interface Groups {
  /** A group that the store has, new or come into afresh, of which its session forgets what it knew: its conversation goes on in it. */
  add(id: Uint8Array, conversation: string): Promise<GroupSession>;
  /** The same where only what the store has of a known group has changed: its one session reads it anew. */
  reread(id: Uint8Array, conversation: string): Promise<void>;
  session(group: string): GroupSession | null;
  /** The group that a conversation goes on in. */
  of(conversation: string): GroupSession | null;
  conversationOf(group: string): string | null;
  /** How many there are, those that have ended among them. */
  count(): number;
  /** Who is in all groups that this device is in, once for each. */
  members(): Promise<readonly Person[]>;
  /** Resolves with the next group that comes into this conversation. */
  arrival(conversation: string): Promise<GroupSession>;
  /** Lets a session do what is to be done, soon; asked while it does so, it looks once more. */
  wake(group: string): void;
  wakeAll(): void;
  /** Resolves when no session has anything to do, or that of one conversation hasn't. */
  settled(conversation?: string): Promise<void>;
  close(): Promise<void>;
}

export interface GroupsOptions {
  readonly rows: readonly GroupRow[];
  readonly open: (id: Uint8Array, conversation: string) => GroupSession;
  /** After each time that a session did what could be done. */
  readonly advanced: (session: GroupSession, conversation: string, standing: Standing) => Promise<void>;
  readonly failed: (error: unknown, group: string) => void;
}

/** The sessions of a device, each at its own pace. */
export function groupsOf({ rows, open, advanced, failed }: GroupsOptions): Groups {
  const kept = new Map<string, Kept>();
  const byConversation = new Map<string, string>();
  const awaited = new Map<string, PromiseWithResolvers<GroupSession>>();
  let isClosed = false;
  for (const row of rows) {
    register(row.id, row.conversation);
    // What is written meanwhile for a group that can't go on waits there for its successor.
    if (row.status === "removed" || row.successor !== null) byConversation.delete(row.conversation);
  }
  // What goes on wins over what has ended.
  for (const { id, conversation, status } of rows) {
    if (status === "active" || status === "joining") byConversation.set(conversation, toText(id));
  }

  return {
    add,
    async members() {
      const found: Person[] = [];
      for (const { session } of kept.values()) {
        const { row, members } = await session.look();
        if (row.status === "active") found.push(...members);
      }
      return found;
    },
    async reread(id, conversation) {
      const session = kept.get(toText(id))?.session;
      if (session === undefined) {
        await add(id, conversation);
        return;
      }
      await session.close();
      byConversation.set(conversation, toText(id));
      arrived(conversation, session);
    },
    async arrival(conversation) {
      const waiting = awaited.get(conversation) ?? Promise.withResolvers<GroupSession>();
      awaited.set(conversation, waiting);
      return await waiting.promise;
    },
    session: (group) => kept.get(group)?.session ?? null,
    of: (conversation) => kept.get(byConversation.get(conversation) ?? "")?.session ?? null,
    count: () => kept.size,
    conversationOf: (group) => kept.get(group)?.conversation ?? null,
    wake,
    wakeAll: () => {
      for (const group of kept.keys()) wake(group);
    },
    async settled(conversation) {
      for (;;) {
        const running = [...kept.values()].flatMap((each) =>
          conversation === undefined || each.conversation === conversation ? (each.running ?? []) : [],
        );
        if (running.length === 0) return;
        await Promise.all(running);
      }
    },
    async close() {
      isClosed = true;
      await Promise.all([...kept.values()].map(async (each) => await each.running));
      await Promise.all([...kept.values()].map(async ({ session }) => await session.close()));
    },
  };

  async function add(id: Uint8Array, conversation: string): Promise<GroupSession> {
    // One for as long as the device lives: a second one would go on from what the other has in memory.
    const known = kept.get(toText(id))?.session;
    await known?.renew();
    if (known !== undefined) byConversation.set(conversation, toText(id));
    const session = known ?? register(id, conversation);
    arrived(conversation, session);
    return session;
  }

  function arrived(conversation: string, session: GroupSession): void {
    awaited.get(conversation)?.resolve(session);
    awaited.delete(conversation);
  }

  function register(id: Uint8Array, conversation: string): GroupSession {
    const group = toText(id);
    const session = open(id, conversation);
    kept.set(group, { conversation, session, isDue: false, running: null });
    byConversation.set(conversation, group);
    return session;
  }

  function wake(group: string): void {
    const each = kept.get(group);
    if (each === undefined || isClosed) return;
    each.isDue = true;
    each.running ??= run(each).finally(() => {
      each.running = null;
      // Asked for in the moment of its end.
      if (each.isDue) wake(group);
    });
  }

  async function run(each: Kept): Promise<void> {
    while (each.isDue) {
      each.isDue = false;
      if (isClosed) return;
      try {
        const { session, conversation } = each;
        await advanced(session, conversation, await session.advance());
      } catch (error) {
        failed(error, toText(each.session.id));
      }
    }
  }
}
