/** `tui/cells`: text in terminal cells: widths, wrapping, styles, and the rows that a conversation's entries become. Pure. */

import type { Entry, Message, Note, Quote } from "../../view/chat/snapshot.ts";
import { markOf } from "../../view/sender.ts";
import { visibleLine, visibleLines, visibleName } from "../../text/visible.ts";
import { linked } from "./links.ts";
import { paint, span, toneOfName, type Colours, type Row, type Span, type Style } from "./style.ts";
import { wrap } from "./wrap.ts";

/** How entries are shown. */
export interface Look {
  /** Cells of a row. */
  readonly width: number;
  readonly times: boolean;
  readonly colours: Colours;
  /** The own name, which needs no telling among those who read. */
  readonly me: string;
  /** Whether it stands under each sealed message who could read it. */
  readonly showsReaders: boolean;
  /** What stands behind an own message that has not gone out, with a blank before it. */
  readonly waiting: string;
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
export function entryRows(entry: Entry, look: Look): readonly Row[] {
  const { width, times } = look;
  const [head, ...bodies] = entry.kind === "message" ? linesOfMessage(entry, look) : noteLines(entry);
  const time = times && width >= NARROW ? [span(`${timeOf(entry.at)} `, { tone: "quiet" })] : [];
  const indent = width < NARROW ? 1 : times ? TIME_WIDTH : 2;
  return [
    ...wrap([...time, ...(head ?? [])], width, indent),
    ...bodies.flatMap((body) => wrap([span(" ".repeat(indent)), ...body], width, indent)),
  ];
}

/** Below this many columns there is no room for times. */
const NARROW = 24;
const TIME_WIDTH = "12:34 ".length;

/** What stands in a sealed message's place, where it is no text. */
function linesOfMessage(message: Message, look: Look): readonly Row[] {
  switch (message.sealed?.body ?? "text") {
    case "text":
      return messageLines(message, look);
    case "members":
    case "brought-in":
      return noteLines({
        kind: "note",
        text: `${visibleName(message.from)} ${visibleLine(message.text)}`,
        tone: "plain",
      });
    case "gap":
    case "unreadable":
      return noteLines({ kind: "note", text: message.text, tone: "trouble" });
    case "deleted":
      return [[...whoSays(message), span("(deleted)", QUIET)]];
    case "unknown-kind":
      return [[...whoSays(message), span(visibleLine(message.text), QUIET)]];
  }
}

function messageLines(message: Message, look: Look): readonly Row[] {
  const style: Style = message.mention ? { bold: true } : {};
  const lines = visibleLines(message.text).map((line) => linked(line, style));
  const [first = [], ...others] = lines;
  const head = [...whoSays(message), ...quoted(message.sealed?.replyTo ?? null), ...first];
  const { after, below } = deliveryMarks(message, look.waiting);
  const edited = message.sealed?.edited === true ? [span(" (edited)", QUIET)] : [];
  const whole: readonly Row[] = [head, ...others];
  return [...whole.slice(0, -1), [...(whole.at(-1) ?? []), ...edited, ...after], ...below, ...readBy(message, look)];
}

/** UTF-16 units of an answered message that are shown. */
const QUOTED = 40;

function quoted(quote: Quote | null): readonly Span[] {
  if (quote === null) return [];
  return [span(`(to ${visibleName(quote.from)}${markOf(quote.doubt)}: ${visibleLine(quote.text, QUOTED)}) `, QUIET)];
}

function readBy({ sealed }: Message, { me, showsReaders }: Look): readonly Row[] {
  if (!showsReaders || sealed === undefined) return [];
  const others = sealed.readers.filter((name) => name !== me).map(visibleName);
  const text = `could be read by ${others.join(", ") || "nobody else"}; written on ${visibleLine(sealed.device, QUOTED)}`;
  return [[span(text, QUIET)]];
}

function whoSays({ from, own, emote, mention, sealed }: Message): readonly Span[] {
  const name = span(sealed === undefined ? visibleLine(from) : visibleName(from), {
    ...(own ? {} : { tone: toneOfName(from) }),
    bold: true,
    inverse: mention,
  });
  const mark = sealed?.doubt === undefined ? [] : [span(markOf(sealed.doubt), TROUBLE)];
  return emote ? [span("* "), name, ...mark, span(" ")] : [name, ...mark, span(": ")];
}

/** One tick: the server has it; two: the others have, too, each on one device at least. */
function deliveryMarks(
  { delivery, own, sealed }: Message,
  waiting: string,
): { readonly after: readonly Span[]; readonly below: readonly Row[] } {
  switch (delivery.kind) {
    case "taken":
      return { after: [], below: [] };
    case "delivered":
      return { after: own && sealed !== undefined ? [span(" ✓✓", QUIET)] : [], below: [] };
    case "stored":
      return { after: own ? [span(" ✓", QUIET)] : [], below: [] };
    case "sending":
      return { after: [span(waiting, QUIET)], below: [] };
    case "unknown":
      return { after: [span(" (? may not have arrived)", TROUBLE)], below: [] };
    case "refused":
      return { after: [], below: [[span(`not sent: ${visibleLine(delivery.why)}`, TROUBLE)]] };
  }
}

const TROUBLE: Style = { tone: "trouble" };
const QUIET: Style = { tone: "quiet" };

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
  return (
    one.width === other.width &&
    one.times === other.times &&
    one.colours === other.colours &&
    one.me === other.me &&
    one.showsReaders === other.showsReaders &&
    one.waiting === other.waiting
  );
}
