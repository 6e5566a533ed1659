import { AgentStoreError } from "../storage/errors.ts";
import type { AgentStoreErrorCode } from "../storage/errors.ts";

/** Whether this device's own disk keeps what comes. What it can't keep is shown to nobody, so the person is told, once, and once when all of that is done. */
export interface OwnDisk {
  /** A group's session, or a task of that lane, has failed. What no disk is to blame for is passed over. */
  failed(of: Of, what: string, error: unknown): void;
  /** The same has been done since. */
  done(of: Of, what: string): void;
  /** The connection is gone: tasks are worked out anew with the next one, which is task `HELLO`. */
  lost(): void;
}

type Of = "session" | "task";

export type DiskTrouble = "full" | "unwritable";

export type DiskState = { readonly keeps: true } | { readonly keeps: false; readonly why: DiskTrouble };

/** To say who one is on a new connection, a device has to have kept a counter. */
export const HELLO = "hello";

/** @param onChanged told in turns: first that it doesn't keep. */
export function ownDisk(onChanged: (state: DiskState) => void): OwnDisk {
  const failing: Readonly<Record<Of, Set<string>>> = { session: new Set(), task: new Set() };
  const isFailing = () => failing.session.size + failing.task.size > 0;
  return {
    failed(of, what, error) {
      const why = diskTrouble(error);
      if (why === null) return;
      const isFirst = !isFailing();
      failing[of].add(what);
      if (isFirst) onChanged({ keeps: false, why });
    },
    done(of, what) {
      if (failing[of].delete(what) && !isFailing()) onChanged({ keeps: true });
    },
    lost() {
      if (failing.task.size === 0) return;
      failing.task.clear();
      failing.task.add(HELLO);
    },
  };
}

/** Of what a disk may get over. */
export function diskTrouble(error: unknown): DiskTrouble | null {
  if (!(error instanceof AgentStoreError)) return null;
  return PASSING.get(error.code) ?? null;
}

const PASSING: ReadonlyMap<AgentStoreErrorCode, DiskTrouble> = new Map([
  ["full", "full"],
  ["unwritable", "unwritable"],
  ["failed", "unwritable"],
]);
