import type { Outcome, Reply } from "./outcomes.ts";

/** One of the own person's devices, or one that asks to be. Labels come from others as they are. */
export interface Device {
  readonly id: string;
  readonly label: string;
  readonly isThis: boolean;
  /** Milliseconds since 1970, or null where the server doesn't tell. Null and not online (`isOnline` is false): it has not come yet. */
  readonly lastSeen: number | null;
  /** Null where the server doesn't tell. */
  readonly isOnline: boolean | null;
  readonly status: "confirmed" | "pending" | "removed";
  /** Of one that is pending: what it shows, for its person to compare. */
  readonly code: string | null;
}

/**
 * What this device is among its person's.
 * - `unknown`: it was never on this server yet
 * - `pending`: one of the person's other devices has to confirm it by this code; until then nothing is sealed to it, and it seals
 *   nothing. `code` is null while the server has no room for it among those that wait: no device lists it then, and it asks again by
 *   itself. `name` is the person's; `trouble`: what came instead of a confirmation, a sentence for people
 * - `removed`: another device of the person has put it out. What it has of the history stays readable
 */
export type Standing =
  | { readonly kind: "unknown" }
  | { readonly kind: "confirmed" }
  | { readonly kind: "pending"; readonly code: string | null; readonly name: string; readonly trouble?: string }
  | { readonly kind: "removed" };

/**
 * What became of a removal. `waiting`: the server has not answered yet; the devices still read, and this one goes on with it by itself.
 * `devices`: the ids of all that go, which may be more than were asked for: what isn't known to be the person's goes with them.
 */
export interface Removal {
  readonly kind: "removed" | "waiting";
  readonly devices: readonly string[];
}

/** `kept`: history and key are here, and the server has not said yet whether it takes the key: that shows with the next connection. */
export interface Imported {
  readonly kind: "confirmed" | "kept";
}

/**
 * A person's own devices (SEALED.md 5 to 7). Whoever isn't confirmed can list nothing but itself, and change nothing but its own
 * standing. Ids are those of `devices`.
 */
export interface OwnDevices {
  readonly standing: Standing;
  /** The own person's devices, and those that wait to be confirmed. */
  devices(): Promise<Reply<readonly Device[]>>;
  /** The device that waits and shows this code; blanks, hyphens and case don't count. `no-such-device`: none does. */
  confirmDevice(code: string): Promise<Reply<Device>>;
  /** One that waits is not ours: it waits no more. */
  dismissDevice(id: string): Promise<Outcome>;
  /** For good: they read nothing that is written from then on. The user key is replaced, and signs the others again. */
  removeDevices(ids: readonly string[]): Promise<Reply<Removal>>;
  /** A secret that confirms one new device without anybody at hand, for so long; for machines. `until`: milliseconds since 1970. */
  inviteDevice(minutes: number): Promise<Reply<{ readonly token: string; readonly until: number }>>;
  /** All devices are lost: a new user key, which everybody else is warned of, and this device as its first. */
  resetDevices(): Promise<Outcome>;
  /** In place of this one, which was removed: a new one, which waits to be confirmed. History stays. */
  newDevice(): Promise<Outcome>;
  /** What shows that two devices have the same user key: 30 digits, in groups. */
  ownNumber(): Promise<Reply<string>>;
  /**
   * History and user key, encrypted under the passphrase, into a new file of this machine (absolute path, mode 0600). Never the keys of
   * this device.
   */
  exportDevice(file: string, passphrase: string): Promise<Outcome>;
  /** From such a file: this device, which must not be confirmed yet, becomes one of that person's, with that history. */
  importDevice(file: string, passphrase: string): Promise<Reply<Imported>>;
}
