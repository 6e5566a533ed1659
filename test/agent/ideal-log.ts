import { chainHash, EMPTY_LOG } from "../../src/agent/group-sessions/log.ts";
import type {
  DeliveryService,
  LogEntry,
  OutgoingMessage,
  Refusal,
  Stored,
} from "../../src/agent/group-sessions/ports.ts";
import { personOf } from "../../src/agent/group-sessions/person.ts";
import { createObservers } from "../../src/mls/create-observers.ts";
import type { GroupObserver } from "../../src/mls/group-observer.ts";
import type { PendingRequest } from "../../src/agent/storage/kept.ts";

/** A delivery service in memory that does what it should: one log for each group, epochs compared and raised, repeats answered alike. */
export interface IdealLog {
  service(device: Uint8Array): DeliveryService;
  entries(group: Uint8Array): readonly LogEntry[];
  /** Welcomes for a device, oldest first; each stays until it is taken. */
  welcomes(device: Uint8Array): WaitingWelcome[];
  /** Everything up to that number can't be read any more. */
  forget(group: Uint8Array, upTo: number): void;
  /** Adds an entry as it is, by whomever. */
  append(group: Uint8Array, entry: Omit<LogEntry, "number" | "at">): LogEntry;
  /** Device ids in hex of who is in the group in that epoch, by what the server's own observer sees. */
  roster(group: Uint8Array, epoch: number): ReadonlySet<string>;
  readonly invalid: { readonly group: string; readonly number: number }[];
}

interface WaitingWelcome {
  readonly group: Uint8Array;
  readonly welcome: Uint8Array;
  readonly number: number;
  readonly hash: Uint8Array;
}

interface GroupLog {
  readonly entries: LogEntry[];
  readonly hashes: Uint8Array[];
  epoch: number;
  info: { readonly bytes: Uint8Array };
  first: number;
  readonly observer: GroupObserver;
  readonly rosters: ReadonlySet<string>[];
  /** By request id. */
  readonly requests: Map<string, Stored>;
  /** By device: message ids in the order of their numbers, with where they are in the log. */
  readonly sent: Map<string, { readonly messageId: string; readonly number: number }[]>;
}

export function idealLog(): IdealLog {
  const groups = new Map<string, GroupLog>();
  const waiting = new Map<string, WaitingWelcome[]>();
  const invalid: IdealLog["invalid"] = [];
  const observers = createObservers();

  return {
    service: (device) => ({
      read: async (id, after) => {
        const group = groups.get(key(id));
        if (group === undefined) return await answer<Refusal>({ kind: "not-a-member" });
        if (after + 1 < group.first) return await answer<Refusal>({ kind: "too-old" });
        const entries = group.entries.slice(after, after + 256);
        return await answer({
          kind: "page" as const,
          entries,
          head: group.entries.length,
          forgotten: 0,
          hash: headHash(group),
        });
      },
      send: async (message) => await answer(send(device, message)),
      commit: async (id, request) => await answer(commit(device, id, request)),
      joinInfo: async (id) => {
        const group = groups.get(key(id));
        if (group === undefined) return await answer<Refusal>({ kind: "not-a-member" });
        const { epoch, info, entries } = group;
        const hash = headHash(group);
        return await answer({ kind: "join-info" as const, groupInfo: info.bytes, epoch, number: entries.length, hash });
      },
      reportInvalid: async (id, number) => {
        invalid.push({ group: key(id), number });
        await Promise.resolve();
      },
    }),
    entries: (id) => groups.get(key(id))?.entries ?? [],
    welcomes(device) {
      const list = waiting.get(key(device)) ?? [];
      waiting.set(key(device), list);
      return list;
    },
    forget(id, upTo) {
      const group = groups.get(key(id));
      if (group !== undefined) group.first = upTo + 1;
    },
    roster: (id, epoch) => known(id).rosters[epoch] ?? new Set(),
    append: (id, entry) => append(known(id), entry),
    invalid,
  };

  function commit(device: Uint8Array, id: Uint8Array, request: PendingRequest): Stored | Refusal {
    const requestId = key(request.requestId);
    if (request.kind === "create" && !groups.has(key(id))) {
      const observer = observers.observe(request.groupInfo);
      const created: GroupLog = { ...emptyLog(), epoch: 0, info: { bytes: request.groupInfo }, observer, rosters: [] };
      created.rosters.push(rosterOf(observer));
      groups.set(key(id), created);
      created.requests.set(requestId, { kind: "stored", number: 0 });
    }
    const group = known(id);
    const before = group.requests.get(requestId);
    if (before !== undefined) return before;
    if (request.kind === "create") return { kind: "refused", why: "there is such a group" };
    if (request.epoch !== group.epoch) return { kind: "stale-epoch" };
    const { epoch, commit: bytes } = request;
    const staged = group.observer.stage(bytes, 1_800_000_000);
    if (!staged.matches(request.groupInfo)) throw new Error("the group info is not that of the next epoch");
    group.observer.accept();
    group.rosters.push(rosterOf(group.observer));
    const entry = append(group, { device, kind: "commit", epoch, counter: 0, messageId: new Uint8Array(16), bytes });
    group.epoch += 1;
    group.info = { bytes: request.groupInfo };
    for (const added of request.welcomed) {
      if (request.welcome === null) throw new Error("devices were added without a Welcome");
      const list = waiting.get(key(added)) ?? [];
      waiting.set(key(added), list);
      list.push({ group: id, welcome: request.welcome, number: entry.number, hash: headHash(group) });
    }
    const stored = { kind: "stored", number: entry.number } as const;
    group.requests.set(requestId, stored);
    return stored;
  }

  function send(device: Uint8Array, message: OutgoingMessage): Stored | Refusal {
    const group = known(message.group);
    const sent = group.sent.get(key(device)) ?? [];
    group.sent.set(key(device), sent);
    const before = sent[message.counter - 1];
    const messageId = key(message.messageId);
    if (before !== undefined) {
      return before.messageId === messageId ? { kind: "stored", number: before.number } : { kind: "rolled-back" };
    }
    if (message.epoch !== group.epoch) return { kind: "stale-epoch" };
    if (message.counter !== sent.length + 1) return { kind: "number-gap", expected: sent.length + 1 };
    const { epoch, counter, bytes } = message;
    const { number } = append(group, { device, kind: "message", epoch, counter, messageId: message.messageId, bytes });
    sent.push({ messageId, number });
    return { kind: "stored", number };
  }

  function append(group: GroupLog, given: Omit<LogEntry, "number" | "at">): LogEntry {
    const number = group.entries.length + 1;
    const entry = { ...given, number, at: 1_800_000_000_000 + number };
    group.hashes.push(chainHash(headHash(group), entry));
    group.entries.push(entry);
    return entry;
  }

  function known(id: Uint8Array): GroupLog {
    const group = groups.get(key(id));
    if (group === undefined) throw new Error("no such group");
    return group;
  }
}

function rosterOf(observer: GroupObserver): ReadonlySet<string> {
  return new Set(observer.members().map((member) => key(personOf(member).deviceId)));
}

function emptyLog() {
  return { entries: [], hashes: [], first: 1, requests: new Map(), sent: new Map() };
}

function headHash(group: GroupLog): Uint8Array {
  return group.hashes.at(-1) ?? EMPTY_LOG;
}

/** Answers come later, as over a network. */
async function answer<T>(value: T): Promise<T> {
  return await Promise.resolve(value);
}

function key(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
