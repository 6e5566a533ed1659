import { get } from "../../core/persistent-map.ts";
import type { SessionId } from "../../core/events.ts";
import type { Delivery } from "../../core/ports.ts";
import type { DeviceId, GroupId } from "../../groups/ids.ts";
import { activeMembers, isActive } from "../../groups/members.ts";
import { ownerOf, reachedBeside, reachedIn, type Reached } from "../../groups/reached.ts";
import type { GroupNotice } from "../../groups/rules.ts";
import type { State } from "../../groups/state.ts";

export interface ReachedKeeperOptions {
  readonly state: () => State;
  /** Milliseconds that what was acknowledged gathers before anybody is told. */
  readonly every: number;
  readonly onReached: (deliveries: readonly Delivery<GroupNotice>[]) => void;
}

/** Members looked at in one round; what is left comes in the next one. */
const MOST_MEMBERS = 20_000;
/** Groups of which it is remembered what was told last. */
const MOST_GROUPS = 10_000;

/**
 * Tells members how far everybody else has got, so that their clients can show what is delivered. There are many acknowledgements,
 * so they are gathered: each group is looked at now and then, and only changes are passed on.
 */
export class ReachedKeeper {
  readonly #options: ReachedKeeperOptions;
  /** What was told last of each group, or asked for. */
  readonly #told = new Map<GroupId, Reached>();
  readonly #changed = new Set<GroupId>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ReachedKeeperOptions) {
    this.#options = options;
  }

  /** Somebody has acknowledged something there, or who is in the group has changed. */
  note(group: GroupId): void {
    this.#changed.add(group);
    this.#timer ??= setTimeout(() => this.#round(), this.#options.every).unref();
  }

  /** As it was found last: what has changed since then is told soon. Null: not a member, or nobody else is there. */
  beside(group: GroupId, device: DeviceId): number | null {
    const state = this.#options.state();
    const row = get(state.groups, group);
    const owner = ownerOf(state, device);
    if (row === undefined || owner === null || !isActive(row, device)) return null;
    const reached = this.#told.get(group) ?? this.#look(state, group);
    return reached === null ? null : reachedBeside(reached, owner);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#changed.clear();
  }

  #round(): void {
    this.#timer = null;
    const state = this.#options.state();
    const deliveries: Delivery<GroupNotice>[] = [];
    let looked = 0;
    for (const group of this.#changed) {
      if (looked >= MOST_MEMBERS) break;
      this.#changed.delete(group);
      const before = this.#told.get(group) ?? null;
      const reached = this.#look(state, group);
      looked += Object.keys(get(state.groups, group)?.members ?? {}).length;
      if (reached !== null && !isSame(before, reached)) deliveries.push(...newsOf(state, group, before, reached));
    }
    if (this.#changed.size > 0) this.#timer = setTimeout(() => this.#round(), this.#options.every).unref();
    if (deliveries.length > 0) this.#options.onReached(deliveries);
  }

  #look(state: State, group: GroupId): Reached | null {
    const row = get(state.groups, group);
    const reached = row?.status.kind === "open" ? reachedIn(state, group, row) : null;
    this.#told.delete(group);
    if (reached === null) return null;
    const [oldest] = this.#told.keys();
    if (this.#told.size >= MOST_GROUPS && oldest !== undefined) this.#told.delete(oldest);
    this.#told.set(group, reached);
    return reached;
  }
}

function isSame(before: Reached | null, { last, next }: Reached): boolean {
  return before?.last.owner === last.owner && before.last.number === last.number && before.next === next;
}

/** For those who are online and for whom it has changed: one number for everybody, and another for whoever is furthest behind. */
function newsOf(state: State, group: GroupId, before: Reached | null, reached: Reached): Delivery<GroupNotice>[] {
  const row = get(state.groups, group);
  const hearers = new Map<number, SessionId[]>();
  for (const device of row === undefined ? [] : activeMembers(row)) {
    const session = get(state.online, device);
    const owner = ownerOf(state, device);
    if (session === undefined || owner === null) continue;
    const number = reachedBeside(reached, owner);
    if (number === null || (before !== null && reachedBeside(before, owner) === number)) continue;
    hearers.set(number, [...(hearers.get(number) ?? []), session]);
  }
  return [...hearers].map(([number, to]) => ({ to, except: null, notice: { kind: "reached", group, number } }));
}
