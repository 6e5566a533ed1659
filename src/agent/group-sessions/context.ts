import type { GroupEngine } from "../../mls/group-engine.ts";
import type { Digest, OutboxRow } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import type { GroupEvent, Hold } from "./events.ts";
import type { DeliveryService, LogEntry, System, Trust } from "./ports.ts";
import type { Receiver } from "./receive.ts";
import type { Working } from "./working.ts";

export interface SessionPorts {
  readonly store: AgentStore;
  readonly engine: GroupEngine;
  readonly service: DeliveryService;
  readonly trust: Trust;
  readonly system: System;
  /** Id of this device, 16 bytes. */
  readonly ownDevice: Uint8Array;
  readonly digest: (content: Uint8Array) => Digest;
  readonly onEvent: (event: GroupEvent) => void;
}

/** Where a session stands after it did what could be done. `busy`: others were faster so many times; go on after a while. */
export type Standing =
  | { readonly kind: "idle" | "offline" | "busy" | "removed" | "stopped" }
  /** What waits isn't sent before those come in who are expected, or until then (milliseconds since 1970), when it is to look again. */
  | { readonly kind: "awaiting"; readonly until: number }
  | { readonly kind: "held"; readonly holds: readonly Hold[] }
  | { readonly kind: "refused"; readonly why: string };

/** `again`: something was done, and the next thing may be. */
export type Step = Standing | { readonly kind: "again" };

/**
 * What the server has said of a group. `closed`: its log ends; `log-broken`: there is no such group; `forgotten`: it was restored and doesn't
 * count this device among the members, so that a log which can't be read either is another one.
 */
export type Verdict = "closed" | "log-broken" | "forgotten";

/** A log's last number, and its hash there. */
export interface Head {
  readonly number: number;
  readonly hash: Uint8Array;
}

/** A message, and whom its writer was shown, on the disk. */
export interface Written {
  readonly message: OutboxRow;
  readonly shown: readonly string[];
}

/** What the parts of a session share. */
export interface SessionContext extends SessionPorts {
  readonly id: Uint8Array;
  readonly receiver: Receiver;
  /** Entries that were pushed and not taken yet, by number. */
  readonly offered: Map<number, LogEntry>;
  expectedHead: Head | null;
  /** By device id in hex, from when on messages wait; Infinity: the person has accepted that they are in. */
  readonly removals: Map<string, number>;
  /** Device ids in hex that this device's person has asked to be removed, of their own accord. In memory alone: it is for a word in the history. */
  readonly unwanted: Set<string>;
  /** Kept, and perhaps not in the present state's outbox yet. */
  readonly written: Written[];
  verdict: Verdict | null;
  /** The last epoch whose people are pinned. */
  pinnedEpoch: number | null;
  /** Commits in a row that lost their race. */
  races: number;
  /** Requests in a row that brought nothing new into the log. */
  fruitless: number;
  /** Device ids in hex that sending waits for, until so long (milliseconds since 1970): those who come in later miss what was said before. */
  awaited: { readonly devices: ReadonlySet<string>; readonly until: number } | null;
  /** Of a pair: why its other one can't be brought in, so that what waits for them is held. In memory alone. */
  absent: Hold | null;
  /** Commits to the store what the operation has gathered, which is no pin, then tells it. */
  readonly keep: (work: Working) => Promise<void>;
  /** The same where pins may be among it: `gather` runs when all pins before are kept. False: nothing is committed yet. */
  readonly keepPins: (work: Working, gather: () => boolean) => Promise<void>;
  /** The store has changed otherwise: takes what it has now. */
  readonly reload: (work: Working) => Promise<void>;
}

/** A server that says yes and shows nothing, or always says that something is missing, is left alone for a while. */
export const MOST_FRUITLESS = 20;
