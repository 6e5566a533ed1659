import type { DeviceId, GroupId } from "../../groups/ids.ts";
import {
  expireTurn,
  groupsWith,
  holderOf,
  leftOf,
  NO_TURNS,
  releaseTurn,
  requestTurn,
  type Grant,
  type TurnChange,
  type TurnContext,
  type Turns,
} from "../../groups/turns.ts";

export interface TurnKeeperOptions {
  /** Milliseconds that one device may hold a turn. */
  readonly length: number;
  /** Devices that may wait for a group's turn. */
  readonly most: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly groupOf: (group: GroupId) => Pick<TurnContext, "isMember" | "helper">;
  readonly onGranted: (group: GroupId, grant: Grant) => void;
}

/** Whose turn it is to commit, with the clock that the rules of turns don't have. */
export class TurnKeeper {
  readonly #options: TurnKeeperOptions;
  #turns: Turns = NO_TURNS;
  readonly #timers = new Map<GroupId, NodeJS.Timeout>();

  constructor(options: TurnKeeperOptions) {
    this.#options = options;
  }

  /** Null: anybody may commit. */
  holder(group: GroupId): DeviceId | null {
    return holderOf(this.#turns, group, this.#options.now());
  }

  /** `granted` at once, or `waiting` until `onGranted`. */
  request(group: GroupId, device: DeviceId, orAdded: boolean): "granted" | "waiting" | "too-many" {
    const { most } = this.#options;
    const change = requestTurn(this.#turns, group, { device, orAdded }, { most, ...this.#context(group) });
    if (change === null) return "too-many";
    this.#turns = change.turns;
    if (change.granted !== null) this.#watch(group);
    if (change.granted !== null && change.granted.device !== device) this.#options.onGranted(group, change.granted);
    return this.holder(group) === device ? "granted" : "waiting";
  }

  /** The device has committed. That it waits for a turn once more, perhaps on another connection, is another matter. */
  committed(group: GroupId, device: DeviceId): void {
    if (this.holder(group) === device) this.release(group, device);
  }

  /** The device gives up, or is gone. */
  release(group: GroupId, device: DeviceId): void {
    this.#take(group, releaseTurn(this.#turns, group, device, this.#context(group)));
  }

  /** The same in all groups. */
  releaseAll(device: DeviceId): void {
    for (const group of groupsWith(this.#turns, device)) this.release(group, device);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #context(group: GroupId): TurnContext {
    const { now, length, groupOf } = this.#options;
    return { now: now(), length, ...groupOf(group) };
  }

  #take(group: GroupId, { turns, granted }: TurnChange): void {
    this.#turns = turns;
    if (granted === null) return;
    this.#watch(group);
    this.#options.onGranted(group, granted);
  }

  /** Until nobody has the turn: whoever waits hears of it by nothing else. */
  #watch(group: GroupId): void {
    clearTimeout(this.#timers.get(group));
    this.#timers.delete(group);
    const left = leftOf(this.#turns, group, this.#options.now());
    if (left === null) return;
    const timer = setTimeout(
      () => {
        this.#take(group, expireTurn(this.#turns, group, this.#context(group)));
        // A timer may end a moment before the clock shows that time: then what is left is waited for.
        this.#watch(group);
      },
      Math.ceil(left) + 1,
    );
    this.#timers.set(group, timer.unref());
  }
}
