import { forEach, get } from "../../core/persistent-map.ts";
import type { GroupCommand } from "../../groups/commands.ts";
import type { DeviceId, GroupId } from "../../groups/ids.ts";
import { isOverfull } from "../../groups/log-size.ts";
import type { GroupEvent } from "../../groups/rules.ts";
import type { Settings } from "../../groups/settings.ts";
import type { State } from "../../groups/state.ts";

const HOUR = 3_600_000;
const A_DAY = 24 * HOUR;
/** Devices looked at with one commit. */
const DEVICES_AT_ONCE = 100;

export interface RetentionOptions {
  readonly state: () => State;
  readonly settings: Settings;
  /** What this leads to is looked at again, as with any command. */
  readonly ask: (command: GroupCommand) => void;
  /** What this leads to isn't: forgetting can't bring about more of itself. */
  readonly post: (command: GroupCommand) => void;
  /** Milliseconds between two rounds. */
  readonly every?: number;
}

/** Has the rules forget what is too old, too much, or had by everybody: in rounds, and at once where a log has grown over its bounds. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #rounds: NodeJS.Timeout;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#rounds = setInterval(() => this.round(), options.every ?? HOUR).unref();
  }

  /** All groups, and the devices that were unseen, or have waited, for too long. */
  round(): void {
    this.#lookAtDevices();
    this.#options.ask({ kind: "forget-waiting" });
    forEach(this.#options.state().groups, (_, group) => this.#forget(group));
  }

  /** A log that grows fast doesn't wait for the next round. */
  note(event: GroupEvent): void {
    if (event.kind !== "row" || event.row.table !== "head" || event.row.value === null) return;
    const { key: group, value: head } = event.row;
    if (isOverfull(head, this.#options.settings)) this.#forget(group);
  }

  stop(): void {
    clearInterval(this.#rounds);
  }

  #lookAtDevices(): void {
    const { settings, ask } = this.#options;
    const [at, state] = [Date.now(), this.#options.state()];
    const due: DeviceId[] = [];
    forEach(state.devices, ({ seen, removed }, id) => {
      const age = get(state.online, id) === undefined ? settings.deviceAge : A_DAY;
      if (!removed && at - seen >= age) due.push(id);
    });
    for (let from = 0; from < due.length; from += DEVICES_AT_ONCE) {
      ask({ kind: "look-at-devices", devices: due.slice(from, from + DEVICES_AT_ONCE) });
    }
  }

  #forget(group: GroupId): void {
    for (const what of ["messages", "commits"] as const) this.#options.post({ kind: "forget-old", group, what });
  }
}
