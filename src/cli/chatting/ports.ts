import { join } from "node:path";
import type { ProcessContext } from "../../args/command.ts";
import type { ChatClient } from "../../client/index.ts";
import { formatAddress, type ServerAddress } from "../../client/transport/index.ts";
import type { ChatPorts } from "../../view/chat/ports.ts";
import type { Settings } from "../../view/chat/snapshot.ts";
import { decodeSettings, encodeSettings } from "../../view/settings/file.ts";
import { DEFAULT_SETTINGS } from "../../view/settings/table.ts";
import type { Places } from "../start/places.ts";
import { readPrivate, writePrivate } from "../start/private-file.ts";
import { runNotify } from "./notify.ts";

export interface ChatWorld {
  readonly client: ChatClient;
  readonly server: ServerAddress;
  readonly own: Places;
  readonly settings: Settings;
  readonly troubles: readonly string[];
  /** As ChatPorts has them. */
  readonly foreword?: readonly string[];
  readonly shownFromBefore: number;
  /** Whether all that is said stands in one stream of lines. */
  readonly inLines: boolean;
  readonly context: ProcessContext;
  readonly failed: NonNullable<ChatPorts["failed"]>;
}

/** What was set in earlier chats; `trouble` is one line about what could not be used. */
export function loadSettings(own: Places): { readonly settings: Settings; readonly trouble: string | null } {
  const path = settingsFile(own);
  const read = readPrivate(path);
  if ("trouble" in read) return { settings: DEFAULT_SETTINGS, trouble: read.trouble };
  if (read.text === null) return { settings: DEFAULT_SETTINGS, trouble: null };
  const { settings, troubles } = decodeSettings(read.text);
  return { settings, trouble: troubles.length === 0 ? null : `${path}: ${troubles.join("; ")}` };
}

/** The world of a chat on this machine: clock, files, bell and programs. */
export function chatPorts({
  client,
  server,
  own,
  settings,
  troubles,
  foreword = [],
  context: { env, stdout },
  failed,
}: ChatWorld): ChatPorts {
  let current = settings;
  return {
    client,
    server: formatAddress(server),
    now: Date.now,
    settings,
    troubles,
    foreword,
    failed,
    saveSettings: (changed) => {
      current = changed;
      return writePrivate(settingsFile(own), encodeSettings(changed));
    },
    alert: async (alert) => {
      if (alert.bell && stdout.isTTY === true) stdout.write("\u0007");
      return alert.notify ? runNotify(current.notify, alert, env) : null;
    },
  };
}

function settingsFile({ settings }: Places): string {
  return join(settings, "settings.json");
}
