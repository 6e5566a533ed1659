/** A living device, as its owner sees it: what it is made of, what it tells, what may be asked of it. */
import type { Standing as OwnStanding } from "../../client/index.ts";
import type { FrameOptions, FramesClient, FramesEvent } from "../../client/frames/index.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { GroupEvent } from "../group-sessions/events.ts";
import type { System } from "../group-sessions/ports.ts";
import type { Digest, StopCause } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import type { CompanionTimings } from "./companions.ts";
import type { Conversations } from "./conversations.ts";
import type { KnownServer } from "./introduce.ts";
import type { OwnDevices, Waiting } from "./own-devices.ts";
import type { DiskState } from "./own-disk.ts";
import type { Removed } from "./rotate-key.ts";
import type { Reset } from "./resetting.ts";
import type { Failed } from "./rooms.ts";

export interface RuntimeOptions extends Pick<FrameOptions, "server" | "open" | "timings" | "reconnect"> {
  /** Stays its owner's: it is not closed. */
  readonly store: AgentStore;
  readonly name: string;
  readonly deviceLabel: string;
  /** From an earlier hello: then the device needs no connection to read what it has and to write. */
  readonly known?: KnownServer;
  /** Default: of our content format. */
  readonly digest?: (content: Uint8Array) => Digest;
  readonly onEvent?: (event: RuntimeEvent) => void;
  readonly system?: System;
  /** The token that this device was given to be confirmed by, as people have it. */
  readonly token?: string | null;
  /** See pending.ts. Default true. */
  readonly mayAsk?: boolean;
  /** When other people's devices are added to groups that they lack. Default: after some seconds. */
  readonly companionTimings?: CompanionTimings;
  /** Whether it comes into `#everyone` where nobody has asked for that yet (`comeIn`). Default true. */
  readonly comesIn?: boolean;
}

export type RuntimeEvent =
  | { readonly kind: "group"; readonly conversation: string; readonly group: Uint8Array; readonly event: GroupEvent }
  /** Where a conversation's group stands after it did what could be done. */
  | { readonly kind: "standing"; readonly conversation: string; readonly standing: Standing }
  /** The conversation goes on in another group; `why` the one before ended. Messages of one's own that were lost with it go out again. */
  | { readonly kind: "continued"; readonly conversation: string; readonly why: StopCause }
  /** The conversation's group can't go on here, and as long as nobody else says so, too, the server makes no place for another. */
  | { readonly kind: "stuck"; readonly conversation: string }
  /**
   * The server knows a newer state of this device, which was copied or brought back: another device of the same person has taken its place. It
   * comes into open rooms by itself; into others its person has to be invited again.
   */
  | { readonly kind: "device-replaced" }
  /** What this device is among its person's has changed. */
  | { readonly kind: "own-standing"; readonly standing: OwnStanding }
  /** Another one asks to be confirmed. */
  | { readonly kind: "device-waits"; readonly waiting: Waiting }
  /** What the person's devices are has been looked at, and may have changed. `pending`: those that wait, in base64url. */
  | { readonly kind: "own-devices"; readonly pending: readonly string[] }
  /** The server says that the person has another user key, which nobody has announced: this device goes on under its own. */
  | { readonly kind: "own-key-changed" }
  /** The server was restored from a backup since this device was there last: bans and removals since then are gone. */
  | { readonly kind: "server-restored" }
  /** The server has stopped storing messages, as on a full disk, or stores them again. */
  | { readonly kind: "server-storing"; readonly stores: boolean }
  /** This device's own disk has stopped keeping what comes, which is shown to nobody therefore, or keeps it again. */
  | { readonly kind: "own-disk"; readonly disk: DiskState }
  | { readonly kind: "client"; readonly event: FramesEvent }
  /** Everybody else has that group's log up to this number. It may fall behind what was told before: the highest counts. */
  | { readonly kind: "reached"; readonly group: Uint8Array; readonly number: number }
  /** A group was refused, for not being what the server says that it is. */
  | { readonly kind: "misplaced"; readonly conversation: string; readonly why: string }
  /** What answers is another server, or takes us for somebody else. It was told nothing, and the client ends. */
  | { readonly kind: "not-at-home"; readonly hello: KnownServer }
  /** Something failed here; it is tried again at the next occasion. */
  | { readonly kind: "failed"; readonly error: unknown };

export interface DeviceRuntime extends Conversations {
  readonly client: FramesClient;
  /** What this device is called by its person, also before its record says so. */
  readonly deviceLabel: string;
  readonly devices: OwnDevices;
  /** In place of a device that was removed, or that waits: a new one, which asks to be confirmed. Null: this one is confirmed. */
  beginAnew(): Promise<"begun" | null>;
  /** A device that waits to be confirmed asks once more. */
  askAgain(): void;
  /** Who it asks to be a device of; null: it asks nobody. */
  asksToBe(): Promise<Who | null>;
  /** A device that asks has the user key from an export. False: it asks nobody. */
  confirmBy(userSeed: Uint8Array): Promise<boolean>;
  /** For a device that isn't confirmed yet. */
  useToken(token: string): Promise<void>;
  /**
   * These are out of all of this person's groups, for good, and their user key is another one (ids in base64url). So is whatever else is
   * found under the person's name that isn't a device of theirs.
   */
  removeDevices(ids: readonly string[]): Promise<Removed | Failed>;
  /** Begins anew, as the only device of this person, who has a new user key then and no rooms: others see a changed key. */
  resetDevices(): Promise<Reset | Failed>;
  /** Into `#everyone`, now or as soon as it can be, where nobody has asked for that yet; whoever has left it stays out. */
  comeIn(): void;
  /** Hears every event from now on, until the function returned is called. */
  onEvent(listener: (event: RuntimeEvent) => void): () => void;
  /** Resolves when what the server has said of this conversation is taken. Until then it comes before all others. */
  caughtUp(conversation: string): Promise<void>;
  /** Resolves when nothing is left to do: what the server has said is taken, what could be sent is. */
  settled(): Promise<void>;
  close(): Promise<void>;
}
