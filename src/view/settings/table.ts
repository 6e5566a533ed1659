import type { Settings } from "../chat/snapshot.ts";

/** One setting: how it is told, completed, shown and changed. */
export interface Setting {
  readonly help: string;
  /** All that it can be; empty: any words. */
  readonly values: readonly string[];
  readonly show: (settings: Settings) => string;
  /** Null: it can't be that. */
  readonly change: (settings: Settings, value: string) => Settings | null;
}

export const DEFAULT_SETTINGS: Settings = {
  bell: "direct",
  notify: [],
  members: true,
  joins: true,
  times: true,
  colours: "dark",
  askPaste: true,
  ignored: [],
};

/** What `/set` knows, by name. Who is ignored is told and changed by `/ignore`. */
export const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  [
    "bell",
    choice("bell", ["off", "direct", "all"], "the terminal's bell: for messages to you and that name you, or for all"),
  ],
  [
    "notify",
    {
      help: "a program to run for them, with its arguments; it gets PAD_FROM and PAD_TO, and the text on its input",
      values: [],
      show: ({ notify }) => notify.join(" ") || "off",
      change: (settings, value) => ({ ...settings, notify: value === "off" ? [] : value.split(/\s+/) }),
    },
  ],
  ["members", flag("members", "the list of who is here, where there is room for it")],
  ["joins", flag("joins", "a line when somebody comes or goes")],
  ["times", flag("times", "the time before each message")],
  ["colours", choice("colours", ["dark", "light", "none"], "for a dark terminal, a light one, or none at all")],
  ["ask-paste", flag("askPaste", "whether a paste of several lines asks first")],
]);

function choice<K extends "bell" | "colours">(key: K, values: readonly Settings[K][], help: string): Setting {
  return {
    help,
    values,
    show: (settings) => settings[key],
    change: (settings, value) => {
      const chosen = values.find((other) => other === value);
      return chosen === undefined ? null : { ...settings, [key]: chosen };
    },
  };
}

function flag(key: "members" | "joins" | "times" | "askPaste", help: string): Setting {
  return {
    help,
    values: ["on", "off"],
    show: (settings) => (settings[key] ? "on" : "off"),
    change: (settings, value) => (value === "on" || value === "off" ? { ...settings, [key]: value === "on" } : null),
  };
}
