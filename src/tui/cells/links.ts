import { span, type Row, type Style } from "./style.ts";

/** A visible text in spans: its web addresses are links, all else has the style given. */
export function linked(text: string, style: Style): Row {
  const spans = [];
  let done = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"]+/gi)) {
    const shown = withoutSentenceEnd(match[0]);
    const link = targetOf(shown);
    if (link === null) continue;
    spans.push(span(text.slice(done, match.index), style), span(shown, { ...style, link }));
    done = match.index + shown.length;
  }
  return [...spans, span(text.slice(done), style)].filter((one) => one.text !== "");
}

/** "(see https://example.org/a_(b))." ends its sentence behind the address, which may have brackets of its own. */
function withoutSentenceEnd(address: string): string {
  const shorter = address.replace(/[.,;:!?'*]+$/, "");
  const closing = shorter.split(")").length - shorter.split("(").length;
  return shorter.endsWith(")") && closing > 0 ? withoutSentenceEnd(shorter.slice(0, -1)) : shorter;
}

/** The address in ASCII, as OSC 8 needs it; null: it is none. */
function targetOf(address: string): string | null {
  const { href } = URL.parse(address) ?? { href: "" };
  return /^[\u0021-\u007e]+$/.test(href) ? href : null;
}
