/** `view/settings`: what `/set` knows, as one table, and the file that keeps it. */

import type { Settings } from "../chat/snapshot.ts";
import { DEFAULT_SETTINGS, SETTINGS } from "./table.ts";

/** What was read of a settings file, and what of it could not be used, in words. */
export interface ReadSettings {
  readonly settings: Settings;
  readonly troubles: readonly string[];
}

/** The file's text: JSON, each setting by its name of `/set` and in the same words, and `ignored`. */
export function encodeSettings(settings: Settings): string {
  const words = [...SETTINGS].map(([name, setting]) => [name, setting.show(settings)]);
  return `${JSON.stringify({ ...Object.fromEntries(words), ignored: settings.ignored }, null, 2)}\n`;
}

/** Reads it back. What is missing or can't be used is as by default, and never throws. */
export function decodeSettings(text: string): ReadSettings {
  const json = parse(text);
  if (json === null) return { settings: DEFAULT_SETTINGS, troubles: ["it is no JSON object"] };
  const troubles: string[] = [];
  let settings = DEFAULT_SETTINGS;
  for (const [name, value] of Object.entries(json)) {
    const changed = change(settings, name, value);
    if (changed === null) troubles.push(`${JSON.stringify(name)} can't be ${JSON.stringify(value)}`);
    else settings = changed;
  }
  return { settings, troubles };
}

function change(settings: Settings, name: string, value: unknown): Settings | null {
  if (name === "ignored") {
    return Array.isArray(value) && value.every((id) => typeof id === "string")
      ? { ...settings, ignored: value.map((id) => id.toLowerCase()) }
      : null;
  }
  return typeof value === "string" && value.trim() !== ""
    ? (SETTINGS.get(name)?.change(settings, value.trim()) ?? null)
    : null;
}

function parse(text: string): object | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json : null;
  } catch {
    return null;
  }
}
