import { span, type Row, type Style } from "./style.ts";

/** A visible text in spans: its web addresses are links, everything else has the style given. */
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
  let unopened = 0;
  for (const character of address) {
    if (character === ")") unopened += 1;
    else if (character === "(") unopened -= 1;
  }
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address.charAt(end - 1);
    if (last === ")" && unopened > 0) unopened -= 1;
    else if (!SENTENCE_END.has(last)) break;
  }
  return address.slice(0, end);
}

const SENTENCE_END = new Set(".,;:!?'*");

/** The address in ASCII, as OSC 8 needs it; null: it is none, or longer than terminals take. */
function targetOf(address: string): string | null {
  if (address.length > LONGEST_LINK) return null;
  const { href } = URL.parse(address) ?? { href: "" };
  return href.length <= LONGEST_LINK && /^[\u0021-\u007e]+$/.test(href) ? href : null;
}

/** UTF-16 units. VTE drops longer ones, and each row that an address is wrapped over repeats it whole. */
const LONGEST_LINK = 2_000;
