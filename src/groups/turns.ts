/**
 * Whose turn it is to commit in a group (SEALED.md 14): when many want to join at once, each would make its commit on the same epoch,
 * and all but one for nothing. The turn is held for a few seconds at most, and those who wait get it in the order they asked.
 * Live: a restart forgets it, and everybody asks again.
 */
import { emptyMap, forEach, get, put, without, type PersistentMap } from "../core/persistent-map.ts";
import type { DeviceId, GroupId } from "./ids.ts";

export interface Turn {
  readonly holder: DeviceId;
  /** Milliseconds of a monotonic clock. */
  readonly until: number;
  readonly waiting: readonly DeviceId[];
}

export type Turns = PersistentMap<GroupId, Turn>;

export const NO_TURNS: Turns = emptyMap();

export interface TurnChange {
  readonly turns: Turns;
  /** Who has the turn now and hadn't before; is to be told. */
  readonly granted: DeviceId | null;
}

/** Asks for the turn. It is granted at once when nobody has it; null: too many wait. */
export function requestTurn(
  turns: Turns,
  group: GroupId,
  device: DeviceId,
  { now, length, most }: { readonly now: number; readonly length: number; readonly most: number },
): TurnChange | null {
  const { turns: current, granted } = expireTurn(turns, group, { now, length });
  const turn = get(current, group);
  if (turn === undefined) {
    return { turns: put(current, group, { holder: device, until: now + length, waiting: [] }), granted: device };
  }
  if (turn.holder === device || turn.waiting.includes(device)) return { turns: current, granted };
  if (turn.waiting.length >= most) return null;
  return { turns: put(current, group, { ...turn, waiting: [...turn.waiting, device] }), granted };
}

/** The device has committed, has given up, or is gone. */
export function releaseTurn(
  turns: Turns,
  group: GroupId,
  device: DeviceId,
  { now, length }: { readonly now: number; readonly length: number },
): TurnChange {
  const turn = get(turns, group);
  if (turn === undefined) return { turns, granted: null };
  if (turn.holder === device) return next(turns, group, turn, now + length);
  const waiting = turn.waiting.filter((other) => other !== device);
  return { turns: put(turns, group, { ...turn, waiting }), granted: null };
}

/** Takes the turn from whoever has had it for too long. */
export function expireTurn(
  turns: Turns,
  group: GroupId,
  { now, length }: { readonly now: number; readonly length: number },
): TurnChange {
  const turn = get(turns, group);
  if (turn === undefined || now < turn.until) return { turns, granted: null };
  return next(turns, group, turn, now + length);
}

/** Who alone may commit; null: anybody. */
export function holderOf(turns: Turns, group: GroupId, now: number): DeviceId | null {
  const turn = get(turns, group);
  return turn === undefined || now >= turn.until ? null : turn.holder;
}

/** The groups whose turn a device has or waits for. */
export function groupsWith(turns: Turns, device: DeviceId): GroupId[] {
  const groups: GroupId[] = [];
  forEach(turns, ({ holder, waiting }, group) => {
    if (holder === device || waiting.includes(device)) groups.push(group);
  });
  return groups;
}

function next(turns: Turns, group: GroupId, { waiting }: Turn, until: number): TurnChange {
  const [holder, ...others] = waiting;
  if (holder === undefined) return { turns: without(turns, group), granted: null };
  return { turns: put(turns, group, { holder, until, waiting: others }), granted: holder };
}
