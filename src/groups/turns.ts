/**
 * Whose turn it is to commit in a group (SEALED.md 14): when many want to join at once, each would make its commit on the same epoch,
 * and all but one for nothing. The turn is held for a few seconds at most, and those who wait get it in the order they asked. Where
 * several wait who may as well be added, a member that is there gets it in place of the first of them, to add them in one commit.
 * Live: a restart forgets it, and everybody asks again.
 */
import { emptyMap, forEach, get, put, without, type PersistentMap } from "../core/persistent-map.ts";
import type { DeviceId, GroupId } from "./ids.ts";

interface Waiting {
  readonly device: DeviceId;
  /** How often a member may still be asked to add it. */
  readonly chances: number;
}

export interface Turn {
  readonly holder: DeviceId;
  /** Whom the holder, a member that didn't ask for the turn, was given it to add; none: it is for what the holder wants. */
  readonly adding: readonly DeviceId[];
  /** Milliseconds of a monotonic clock. */
  readonly until: number;
  readonly waiting: readonly Waiting[];
  /** Members that were given the turn and added nobody. */
  readonly idle: readonly DeviceId[];
}

export type Turns = PersistentMap<GroupId, Turn>;

export const NO_TURNS: Turns = emptyMap();

export interface Grant {
  readonly device: DeviceId;
  readonly adding: readonly DeviceId[];
}

export interface TurnChange {
  readonly turns: Turns;
  /** Who has the turn now and hadn't before; is to be told. */
  readonly granted: Grant | null;
}

/** Of milliseconds of a monotonic clock, and of the group. */
export interface TurnContext {
  readonly now: number;
  readonly length: number;
  readonly isMember: (device: DeviceId) => boolean;
  /** A member that is there and can add others, but none of these; null: there is no such. */
  readonly helper: (except: readonly DeviceId[]) => DeviceId | null;
}

/** Devices of one commit; fewer than `LEAST_ADDED` come in by themselves. */
const MOST_ADDED = 64;
const LEAST_ADDED = 2;
/** Members are asked to add a device so often: then it comes in by itself. */
const CHANCES = 3;
/** When so many members have added nobody, no other is asked while anybody waits. */
const MOST_IDLE = 8;

/** Asks for the turn. It is granted at once when nobody has it; null: too many wait. `orAdded`: a member may add the device instead. */
export function requestTurn(
  turns: Turns,
  group: GroupId,
  { device, orAdded }: { readonly device: DeviceId; readonly orAdded: boolean },
  { most, ...context }: TurnContext & { readonly most: number },
): TurnChange | null {
  const { turns: current, granted } = expireTurn(turns, group, context);
  const turn = get(current, group);
  if (turn === undefined) {
    const until = context.now + context.length;
    const first = { holder: device, adding: [], until, waiting: [], idle: [] };
    return { turns: put(current, group, first), granted: { device, adding: [] } };
  }
  if (turn.holder === device || turn.waiting.some((other) => other.device === device)) {
    return { turns: current, granted };
  }
  if (turn.waiting.length >= most) return null;
  const waiting = [...turn.waiting, { device, chances: orAdded ? CHANCES : 0 }];
  return { turns: put(current, group, { ...turn, waiting }), granted };
}

/** The device has committed, has given up, or is gone. */
export function releaseTurn(turns: Turns, group: GroupId, device: DeviceId, context: TurnContext): TurnChange {
  const turn = get(turns, group);
  if (turn === undefined) return { turns, granted: null };
  const waiting = turn.waiting.filter((other) => other.device !== device);
  const left = waiting.length === turn.waiting.length ? turn : { ...turn, waiting };
  if (turn.holder === device) return next(turns, group, left, context);
  return { turns: put(turns, group, left), granted: null };
}

/** Takes the turn from whoever has had it for too long. */
export function expireTurn(turns: Turns, group: GroupId, context: TurnContext): TurnChange {
  const turn = get(turns, group);
  if (turn === undefined || context.now < turn.until) return { turns, granted: null };
  return next(turns, group, turn, context);
}

/** Who alone may commit; null: anybody. */
export function holderOf(turns: Turns, group: GroupId, now: number): DeviceId | null {
  const turn = get(turns, group);
  return turn === undefined || now >= turn.until ? null : turn.holder;
}

/** How many milliseconds are left of the turn, 0 at least; null: nobody has it. */
export function leftOf(turns: Turns, group: GroupId, now: number): number | null {
  const turn = get(turns, group);
  return turn === undefined ? null : Math.max(0, turn.until - now);
}

/** The groups whose turn a device has or waits for. */
export function groupsWith(turns: Turns, device: DeviceId): GroupId[] {
  const groups: GroupId[] = [];
  forEach(turns, ({ holder, waiting }, group) => {
    if (holder === device || waiting.some((other) => other.device === device)) groups.push(group);
  });
  return groups;
}

function next(turns: Turns, group: GroupId, turn: Turn, context: TurnContext): TurnChange {
  const { isMember } = context;
  const hasFailed = turn.adding.length > 0 && !turn.adding.some(isMember);
  const idle = hasFailed ? [...turn.idle, turn.holder] : turn.idle;
  const asked = new Set(turn.adding);
  const waiting = turn.waiting
    .filter(({ device, chances }) => chances === 0 || !isMember(device))
    .map(({ device, chances }) => ({ device, chances: asked.has(device) ? chances - 1 : chances }));
  const [first, ...others] = waiting;
  if (first === undefined) return { turns: without(turns, group), granted: null };
  const until = context.now + context.length;
  // Behind a member that did nothing the first comes in by itself, so that nobody waits for more than one such.
  const adding = hasFailed || first.chances === 0 || idle.length >= MOST_IDLE ? [] : addable(waiting);
  const helper = adding.length < LEAST_ADDED ? null : context.helper([...idle, ...adding]);
  const granted = helper === null ? { device: first.device, adding: [] } : { device: helper, adding };
  const given = {
    holder: granted.device,
    adding: granted.adding,
    until,
    waiting: helper === null ? others : waiting,
    idle,
  };
  return { turns: put(turns, group, given), granted };
}

function addable(waiting: readonly Waiting[]): DeviceId[] {
  return waiting
    .filter(({ chances }) => chances > 0)
    .slice(0, MOST_ADDED)
    .map(({ device }) => device);
}
