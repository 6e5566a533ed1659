import { isSameName } from "../../client/index.ts";
import { SETTINGS, type Setting } from "../settings/table.ts";
import type { ChatPorts } from "./ports.ts";
import type { Settings } from "./snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** What a person has set, and whom a person ignores: told, changed and kept. */
export class Preferences {
  readonly #ports: ChatPorts;
  readonly #store: SnapshotStore;

  constructor(ports: ChatPorts, store: SnapshotStore) {
    this.#ports = ports;
    this.#store = store;
  }

  /** Shows nothing of a person any more, or again; tells who is ignored where nobody is named. */
  ignore(id: string): void {
    const { settings } = this.#store.getSnapshot();
    const name = id.toLowerCase();
    if (name === "") {
      const all = settings.ignored.join(", ");
      this.#store.note(all === "" ? "You ignore nobody." : `You ignore ${all}. /ignore NAME shows them again.`);
    } else if (settings.ignored.includes(name)) {
      this.#keep(
        { ...settings, ignored: settings.ignored.filter((other) => other !== name) },
        `You see what ${id} writes again.`,
      );
    } else if (isSameName(name, this.#store.getSnapshot().me)) {
      this.#store.note("That is you.", "trouble");
    } else {
      this.#keep({ ...settings, ignored: [...settings.ignored, name] }, `You no longer see what ${id} writes.`);
    }
  }

  /** Changes a setting, or tells it, or all. Returns false when it can't be that. */
  set(name: string, value: string): boolean {
    const { settings } = this.#store.getSnapshot();
    const setting = SETTINGS.get(name.toLowerCase());
    if (name === "") {
      this.#store.note(["Settings; /set NAME VALUE changes one:", ...[...SETTINGS].map(describeSetting)].join("\n"));
      return true;
    }
    if (setting === undefined) {
      this.#store.note(`There is no setting called ${name}. /set lists them.`, "trouble");
      return false;
    }
    const changed = value === "" ? settings : setting.change(settings, value);
    if (changed === null) {
      this.#store.note(`${name} can be ${setting.values.join(", ")}, not ${value}.`, "trouble");
      return false;
    }
    if (value === "") this.#store.note(describeSetting([name, setting]));
    else this.#keep(changed, `${name} is ${setting.show(changed)} now.`);
    return true;

    function describeSetting([key, { show, values, help: does }]: readonly [string, Setting]): string {
      return `${key} ${show(settings)}${values.length === 0 ? "" : ` (${values.join(", ")})`}: ${does}`;
    }
  }

  #keep(settings: Settings, done: string): void {
    this.#store.change({ settings });
    const trouble = this.#ports.saveSettings(settings);
    if (trouble === null) this.#store.note(done);
    else this.#store.note(`${done} It could not be saved for next time: ${trouble}`, "trouble");
  }
}
