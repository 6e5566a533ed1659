/** Which logs there are, by name. Each is numbered from 1. */
import type { LogId } from "../core/ports.ts";
import type { DeviceId, GroupId } from "./ids.ts";

/** A group's commits and messages, see log-entry.ts. */
export function groupLog(group: GroupId): LogId {
  return `group/${group}`;
}

/** Group infos with their trees: entry `epoch + 1` is that of an epoch. Only the newest is kept. */
export function infoLog(group: GroupId): LogId {
  return `info/${group}`;
}

export function welcomeLog(group: GroupId): LogId {
  return `welcomes/${group}`;
}

/** `life`: see `PackagesRow`. */
export function packageLog(device: DeviceId, life?: number): LogId {
  return life === undefined ? `packages/${device}` : `packages/${device}/${life}`;
}
