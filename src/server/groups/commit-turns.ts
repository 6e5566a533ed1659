/**
 * `server/groups`: the delivery service as a running thing: the rules of `src/groups` joined with the mailbox, the store,
 * commit turns by the clock and the engine's observers.
 */
import { get } from "../../core/persistent-map.ts";
import type { DeviceId, GroupId } from "../../groups/ids.ts";
import { mayBeAdded, membersThere } from "../../groups/joiners.ts";
import { mayReadInfo } from "../../groups/reading.ts";
import type { GroupNotice } from "../../groups/rules.ts";
import type { Settings } from "../../groups/settings.ts";
import type { State } from "../../groups/state.ts";
import type { Outcome } from "./outcomes.ts";
import { TurnKeeper } from "./turn-keeper.ts";

export interface CommitTurnsOptions {
  readonly state: () => State;
  readonly settings: Pick<Settings, "turn" | "maxWaitingTurns">;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly tell: (device: DeviceId, notice: GroupNotice) => void;
}

/** Who may ask for a group's turn to commit, and which members can be asked to add others. */
export class CommitTurns {
  readonly #options: CommitTurnsOptions;
  readonly #turns: TurnKeeper;
  /** Devices that are there, whose clients can add others. */
  readonly #helpers = new Set<DeviceId>();

  constructor(options: CommitTurnsOptions) {
    const { state, settings, now, tell } = options;
    this.#options = options;
    this.#turns = new TurnKeeper({
      length: settings.turn,
      most: settings.maxWaitingTurns,
      now,
      groupOf: (group) => ({
        isMember: (device) => device in (get(state().groups, group)?.members ?? {}),
        helper: (except) => this.#helperIn(group, except),
      }),
      onGranted: (group, { device, adding }) =>
        tell(device, adding.length === 0 ? { kind: "turn", group } : { kind: "joiners", group, devices: adding }),
    });
  }

  /** Null: anybody may commit. */
  holder(group: GroupId): DeviceId | null {
    return this.#turns.holder(group);
  }

  /** `orAdded`: a member may add it instead. */
  request(device: DeviceId, group: GroupId, orAdded: boolean): Outcome<{ readonly granted: boolean }> {
    const state = this.#options.state();
    const row = get(state.groups, group);
    if (row === undefined || !(device in row.members || mayReadInfo(state, device, group))) {
      return { ok: false, refusal: { reason: "unknown-group" } };
    }
    const answer = this.#turns.request(group, device, orAdded && mayBeAdded(state, group, device));
    if (answer === "too-many") return { ok: false, refusal: { reason: "too-many", of: "waiting-for-a-turn" } };
    return { ok: true, value: { granted: answer === "granted" } };
  }

  /** That was the turn's use, if it had it. */
  committed(device: DeviceId, group: GroupId): void {
    this.#turns.committed(group, device);
  }

  /** The device gives up. */
  release(device: DeviceId, group: GroupId): void {
    this.#turns.release(group, device);
  }

  /** This device's client can add whom the server names. */
  noteHelper(device: DeviceId): void {
    this.#helpers.add(device);
  }

  /** The device is gone. */
  leave(device: DeviceId): void {
    this.#helpers.delete(device);
    this.#turns.releaseAll(device);
  }

  stop(): void {
    this.#turns.stop();
  }

  /** By chance, so that nobody can make sure to be asked. */
  #helperIn(group: GroupId, except: readonly DeviceId[]): DeviceId | null {
    const there = membersThere(this.#options.state(), group);
    const able = there.filter((each) => this.#helpers.has(each) && !except.includes(each));
    return able[Math.floor(Math.random() * able.length)] ?? null;
  }
}
