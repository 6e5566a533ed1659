/** This device among its person's others, while it lives: what faces ask of them, and what pushes say. */
import type { PendingDevice } from "../../wire/frames/devices.ts";
import { deviceLabelIn } from "../device/make-device.ts";
import {
  codeOf,
  confirmByCode,
  confirmInvited,
  dismissDevice,
  dropUsed,
  inviteDevice,
  listDevices,
} from "./confirming.ts";
import type { Confirmed, Done, Invited, Listed } from "./confirming.ts";
import type { Entrance } from "./entrance.ts";
import { failed } from "./rooms.ts";
import type { Failed } from "./rooms.ts";

/** A device that waits, and the code that it shows if it is what the server says. */
export interface Waiting {
  readonly device: PendingDevice;
  readonly code: string;
}

export interface OwnDevices {
  list(): Promise<OwnList | Failed>;
  confirm(code: string): Promise<Confirmed | Failed>;
  dismiss(id: string): Promise<Done | Failed>;
  invite(minutes: number): Promise<Invited | Failed>;
}

/** The person's devices, with what their records call them; and those that wait, with their codes. */
export interface OwnList {
  readonly kind: "listed";
  readonly devices: readonly (Listed["devices"][number] & { readonly label: string })[];
  readonly pending: readonly Waiting[];
}

export interface OwnDevicesPorts {
  /** Null: this device isn't confirmed, or was never on its server. */
  readonly entranceOf: () => Promise<Entrance | null>;
  readonly onWaiting: (waiting: Waiting) => void;
  readonly onChanged: (pending: readonly string[]) => void;
}

/** Where a name is all that there is, anybody can ask under it: so many are told at once, and one more after each such time (milliseconds). */
const MOST_TOLD = 16;
const ONE_MORE = 30_000;

/** What the runtime does with it. */
export type OwnDeviceLife = Pick<ReturnType<typeof ownDevices>, "look" | "waits">;

/** Besides, what the runtime does with it: all that is there is looked at when a connection has come, and when a push says that it is another. */
export function ownDevices({ entranceOf, onWaiting, onChanged }: OwnDevicesPorts) {
  /** By their id: those that were told. */
  const told = new Map<string, string>();
  let [left, since] = [MOST_TOLD, 0];

  const asked: OwnDevices = {
    list: async () =>
      await alive(async (entrance) => {
        const listed = await listDevices(entrance);
        if (listed.kind === "failed") return listed;
        const devices = listed.devices.map((device) => ({ ...device, label: deviceLabelIn(device.record) }));
        const pending = listed.pending.map((device) => ({ device, code: codeOf(entrance.self, device) }));
        return { kind: "listed", devices, pending } as const;
      }),
    confirm: async (code) => await alive(async (entrance) => await confirmByCode(entrance, code)),
    dismiss: async (id) =>
      await alive(async (entrance) => {
        const done = await dismissDevice(entrance, id);
        // Whoever asks once more after that is told of once more.
        if (done.kind !== "failed") told.delete(id);
        return done;
      }),
    invite: async (minutes) => await alive(async (entrance) => await inviteDevice(entrance, minutes)),
  };
  return {
    asked,
    /** A connection has come, or what there is has changed. */
    async look(entrance: Entrance): Promise<void> {
      const listed = await listDevices(entrance);
      if (listed.kind === "failed") return;
      for (const id of told.keys()) if (!listed.pending.some(({ device }) => device === id)) told.delete(id);
      await dropUsed(entrance, listed.pending);
      await tellWaiting(entrance, listed.pending);
      onChanged(listed.pending.map(({ device }) => device));
      // Whoever was confirmed has come with its record now.
      await entrance.companions.completeGroups(entrance);
    },
    waits: async (entrance: Entrance, device: PendingDevice): Promise<void> => await tellWaiting(entrance, [device]),
  };

  async function tellWaiting(entrance: Entrance, pending: readonly PendingDevice[]): Promise<void> {
    for (const device of await confirmInvited(entrance, pending)) {
      const code = codeOf(entrance.self, device);
      if (told.get(device.device) === code || !mayTell(entrance.system.now())) continue;
      told.set(device.device, code);
      for (const oldest of told.keys()) if (told.size > MOST_TOLD) told.delete(oldest);
      onWaiting({ device, code });
    }
  }

  /** Whoever is not told of is listed all the same, and confirmed by its code. */
  function mayTell(now: number): boolean {
    const more = Math.floor((now - since) / ONE_MORE);
    if (more !== 0) since = now;
    left = Math.min(MOST_TOLD, left + Math.max(0, more));
    if (left === 0) return false;
    left -= 1;
    return true;
  }

  async function alive<T>(task: (entrance: Entrance) => Promise<T>): Promise<T | Failed> {
    const entrance = await entranceOf();
    return entrance === null ? failed("device-not-confirmed") : await task(entrance);
  }
}

/** What the device is called. */
