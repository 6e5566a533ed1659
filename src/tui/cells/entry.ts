/** `tui/cells`: text in terminal cells: widths, wrapping, styles, and the rows that a conversation's entries become. Pure. */

import type { Delivery, Entry, Message, Note } from "../../view/chat/snapshot.ts";
import { visibleLine, visibleLines } from "../../text/visible.ts";
import { linked } from "./links.ts";
import { paint, span, toneOfName, type Colours, type Row, type Span, type Style } from "./style.ts";
import { wrap } from "./wrap.ts";

/** How entries are shown. */
export interface Look {
  /** Cells of a row. */
  readonly width: number;
  readonly times: boolean;
  readonly colours: Colours;
}

const painted = new WeakMap<Entry, { readonly look: Look; readonly rows: readonly string[] }>();

/** An entry's rows as a terminal takes them; made once for each look. What fails there is that entry's alone, and said in its place. */
export function paintedEntry(entry: Entry, look: Look): readonly string[] {
  const known = painted.get(entry);
  if (known !== undefined && isSameLook(known.look, look)) return known.rows;
  const rows = rowsOrNote(entry, look).map((row) => paint(row, look.colours));
  painted.set(entry, { look, rows });
  return rows;
}

function rowsOrNote(entry: Entry, look: Look): readonly Row[] {
  try {
    return entryRows(entry, look);
  } catch (error) {
    const why = error instanceof Error ? error.name : "unknown";
    return wrap([span(`-- A message that can't be shown (${why}).`, TROUBLE)], look.width, 0);
  }
}

/** An entry's rows. What others wrote is made visible, and stands right of the times, where nobody's name begins. */
export function entryRows(entry: Entry, { width, times }: Look): readonly Row[] {
  const [head, ...bodies] = entry.kind === "message" ? messageLines(entry) : noteLines(entry);
  const time = times && width >= NARROW ? [span(`${timeOf(entry.at)} `, { tone: "quiet" })] : [];
  const indent = width < NARROW ? 1 : times ? TIME_WIDTH : 2;
  return [
    ...wrap([...time, ...(head ?? [])], width, indent),
    ...bodies.flatMap((body) => wrap([span(" ".repeat(indent)), ...body], width, indent)),
  ];
}

/** Below so many columns there is no room for times. */
const NARROW = 24;
const TIME_WIDTH = "12:34 ".length;

function messageLines(message: Message): readonly Row[] {
  const style: Style = message.mention ? { bold: true } : {};
  const lines = visibleLines(message.text).map((line) => linked(line, style));
  const [first = [], ...others] = lines;
  const head = [...whoSays(message), ...first];
  const { after, below } = deliveryMarks(message.delivery);
  const whole: readonly Row[] = [head, ...others];
  return [...whole.slice(0, -1), [...(whole.at(-1) ?? []), ...after], ...below];
}

function whoSays({ from, own, emote, mention }: Message): readonly Span[] {
  const name = span(visibleLine(from), {
    ...(own ? {} : { tone: toneOfName(from) }),
    bold: true,
    inverse: mention,
  });
  return emote ? [span("* "), name, span(" ")] : [name, span(": ")];
}

function deliveryMarks(delivery: Delivery): { readonly after: readonly Span[]; readonly below: readonly Row[] } {
  switch (delivery.kind) {
    case "taken":
    case "delivered":
      return { after: [], below: [] };
    case "stored":
      return { after: [span(" (kept)", { tone: "quiet" })], below: [] };
    case "sending":
      return { after: [span(" …", { tone: "quiet" })], below: [] };
    case "unknown":
      return { after: [span(" (? may not have arrived)", TROUBLE)], below: [] };
    case "refused":
      return { after: [], below: [[span(`not sent: ${visibleLine(delivery.why)}`, TROUBLE)]] };
  }
}

const TROUBLE: Style = { tone: "trouble" };

function noteLines({ text, tone }: Note): readonly Row[] {
  const style: Style = { tone: tone === "trouble" ? "trouble" : "quiet" };
  const [first = "", ...others] = visibleLines(text);
  return [[span("-- ", style), ...linked(first, style)], ...others.map((line) => linked(line, style))];
}

/** The time of day here, as `09:05`. */
function timeOf(at: number): string {
  const date = new Date(at);
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}

function isSameLook(one: Look, other: Look): boolean {
  return one.width === other.width && one.times === other.times && one.colours === other.colours;
}
