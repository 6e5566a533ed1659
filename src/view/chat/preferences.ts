import { SETTINGS, type Setting } from "../settings/table.ts";
import type { Board } from "./board.ts";
import { isSameId } from "./conversations.ts";
import type { ChatPorts } from "./ports.ts";
import type { Settings } from "./snapshot.ts";

/** What a person has set, and whom a person ignores: told, changed and kept. */
export class Preferences {
  readonly #ports: ChatPorts;
  readonly #board: Board;

  constructor(ports: ChatPorts, board: Board) {
    this.#ports = ports;
    this.#board = board;
  }

  /** Shows nothing of a person any more, or again; tells who is ignored where nobody is named. */
  ignore(id: string): void {
    const { settings } = this.#board.getSnapshot();
    const name = id.toLowerCase();
    if (name === "") {
      const all = settings.ignored.join(", ");
      this.#board.note(all === "" ? "You ignore nobody." : `You ignore ${all}. /ignore NAME again ends it.`);
    } else if (settings.ignored.includes(name)) {
      this.#keep({ ...settings, ignored: settings.ignored.filter((other) => other !== name) }, `You hear ${id} again.`);
    } else if (isSameId(name, this.#board.getSnapshot().me)) {
      this.#board.note("That is you.", "trouble");
    } else {
      this.#keep({ ...settings, ignored: [...settings.ignored, name] }, `You hear nothing of ${id} any more.`);
    }
  }

  /** Changes a setting, or tells it, or all. Returns false when it can't be that. */
  set(name: string, value: string): boolean {
    const { settings } = this.#board.getSnapshot();
    const setting = SETTINGS.get(name.toLowerCase());
    if (name === "") {
      this.#board.note(["Settings, changed by /set NAME VALUE:", ...[...SETTINGS].map(describeSetting)].join("\n"));
      return true;
    }
    if (setting === undefined) {
      this.#board.note(`There is no setting ${name}. /set tells which there are.`, "trouble");
      return false;
    }
    const changed = value === "" ? settings : setting.change(settings, value);
    if (changed === null) {
      this.#board.note(`${name} is one of ${setting.values.join(", ")}, not ${value}.`, "trouble");
      return false;
    }
    if (value === "") this.#board.note(describeSetting([name, setting]));
    else this.#keep(changed, `${name} is ${setting.show(changed)} now.`);
    return true;

    function describeSetting([key, { show, values, help: does }]: readonly [string, Setting]): string {
      return `${key} ${show(settings)}${values.length === 0 ? "" : ` (${values.join(", ")})`}: ${does}`;
    }
  }

  #keep(settings: Settings, done: string): void {
    this.#board.change({ settings });
    const trouble = this.#ports.saveSettings(settings);
    if (trouble === null) this.#board.note(done);
    else this.#board.note(`${done} It could not be kept for the next time: ${trouble}`, "trouble");
  }
}
