import type { ChatSnapshot } from "../../view/chat/snapshot.ts";
import { composerOf } from "../../view/composer/composers.ts";
import { inputView } from "../cells/input.ts";
import { paneRows } from "../cells/pane.ts";
import type { Strip } from "../cells/strip.ts";
import { paint } from "../cells/style.ts";
import { conversationBar, conversationRows, memberRows } from "./lists.ts";
import { mostInputRows, regionsOf, type Regions, type Size } from "./regions.ts";
import { anchorOf, type ControllerSnapshot, type ScreenState } from "./state.ts";
import { promptRow, statusRow } from "./status.ts";

/** Everything on the screen, as painted rows. */
export interface Picture {
  readonly regions: Regions;
  readonly side: readonly string[];
  readonly bar: readonly string[];
  readonly pane: readonly string[];
  readonly members: readonly string[];
  readonly status: readonly string[];
  readonly input: readonly string[];
  /** The cell that the cursor stands on. */
  readonly cursor: { readonly x: number; readonly y: number };
}

/** What the screen shows of a chat; always exactly the terminal's rows, none wider than it. */
export function pictureOf(chat: ChatSnapshot, { screen, composers }: ControllerSnapshot, size: Size): Picture {
  const { colours } = chat.settings;
  const composer = composerOf(composers, chat.current.id);
  const input = inputView(promptRow(chat, size), composer, size.columns, mostInputRows(size));
  const regions = regionsOf(size, input.rows.length, membersShown(chat, screen.flippedMembers));
  const { pane, bar, status, side, members } = regions;
  return {
    regions,
    side: side === 0 ? [] : orSaid(() => conversationRows(chat, side, pane.height)),
    bar: bar === 0 ? [] : orSaid(() => [conversationBar(chat, size.columns)]),
    pane:
      pane.height === 0
        ? []
        : orSaid(() => paneRows(stripOfCurrent(chat, regions, screen), anchorOf(screen, chat.current.id), pane.height)),
    members: members === 0 ? [] : orSaid(() => memberRows(chat, members, pane.height)),
    status: status === 0 ? [] : orSaid(() => [statusRow(chat, composer, screen, size)]),
    input: input.rows.map((row) => paint(row, colours)),
    cursor: { x: input.cursor.x, y: bar + pane.height + status + input.cursor.y },
  };
}

/** A part of the screen that can't be drawn doesn't keep one from the others, nor from leaving. */
function orSaid(rows: () => readonly string[]): readonly string[] {
  try {
    return rows();
  } catch {
    // It fits into the narrowest part there is.
    return ["can't show"];
  }
}

/** The current conversation as the pane has it. */
export function stripOfCurrent(
  { current, settings, link, me }: ChatSnapshot,
  { pane }: Regions,
  { showsReaders }: ScreenState,
): Strip {
  const waiting = current.held !== null ? " (held)" : link.kind === "online" ? " …" : " (waits for the server)";
  const { times, colours } = settings;
  return { conversation: current, look: { width: pane.width, times, colours, me, showsReaders, waiting } };
}

function membersShown({ settings }: ChatSnapshot, flipped: boolean): boolean {
  return settings.members !== flipped;
}
