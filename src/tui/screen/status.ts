import type { ChatSnapshot, Link } from "../../view/chat/snapshot.ts";
import { shownTitle, whoReads } from "../../view/chat/who-reads.ts";
import { type Composer, promptOf } from "../../view/composer/composer.ts";
import { visibleLine } from "../../text/visible.ts";
import { lockOf, paint, rowWidth, span, type Row, type Span } from "../cells/style.ts";
import { truncate } from "../cells/wrap.ts";
import { isTooSmall, SMALLEST, type Size } from "./regions.ts";
import type { ScreenState } from "./state.ts";

/** Columns from which there is room for more than the most needed. */
const ROOMY = 60;

/** The row above the input: a question or warning while there is one, else how things stand. */
export function statusRow(chat: ChatSnapshot, composer: Composer, screen: ScreenState, size: Size): string {
  const said = promptOf(composer) ?? hintOf(screen) ?? bannerOf(chat);
  const words = said === null ? [...standing(chat, size)] : [span(said, { bold: true })];
  const row = truncate([span(" "), ...words, span(" ")], size.columns);
  const rest = size.columns - rowWidth(row);
  const whole = [...row, span(" ".repeat(Math.max(0, rest)))];
  return paint(
    whole.map(({ text, style }) => span(text, { ...style, inverse: true })),
    chat.settings.colours,
  );
}

/** Which conversation is written to, whether the server can read that, and, where there is room for it, who will. */
export function promptRow({ current, me }: ChatSnapshot, { columns }: Size): Row {
  const words = ` (${visibleLine(whoReads(current, me), Math.floor(columns / 3))})`;
  const readers = columns >= ROOMY ? [span(words, { tone: "quiet" })] : [];
  const lock = columns >= SMALLEST.columns ? [span(`${lockOf(current)} `)] : [];
  return [...lock, span(shownTitle(current), { bold: true }), ...readers, span("> ")];
}

/** What is wrong with the connection is told first. */
function bannerOf({ banner, link }: ChatSnapshot): string | null {
  return banner === null || link.kind === "ended" ? null : visibleLine(banner);
}

function hintOf({ armed }: ScreenState): string | null {
  return armed === null ? null : "Ctrl-C again leaves";
}

/** What matters most comes first: the row ends where the terminal does. */
function standing(chat: ChatSnapshot, size: Size): readonly Span[] {
  const { me, server, operator, away, current, link } = chat;
  const facts = [
    linkText(link),
    isTooSmall(size) ? "too small, 40x10 is enough" : null,
    current.held === null || link.kind === "lost" ? null : "held",
    size.columns < ROOMY ? me : `${me}${operator ? " (operator)" : ""} on ${server}`,
    away === null ? null : "away",
    link.kind === "lost" ? link.text : (current.held ?? `read by ${current.readers}`),
  ].filter((fact) => fact !== null);
  const text = facts.map((fact) => visibleLine(fact)).join(" | ");
  return link.kind === "online" && current.held === null ? [span(text)] : [span(text, { bold: true })];
}

function linkText(link: Link): string | null {
  switch (link.kind) {
    case "online":
      return null;
    case "connecting":
      return "connecting";
    case "lost":
      return link.takes ? "not connected, trying again" : "the agent doesn't answer";
    case "ended":
      return link.text;
  }
}
