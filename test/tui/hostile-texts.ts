/** Texts that have brought down programs that show what others write, of any length in UTF-16 units. */
export const HOSTILE_TEXTS: Readonly<Record<string, (length: number) => string>> = {
  "a letter": filled("a"),
  "a wide character": filled("世"),
  "closing brackets behind an address": after("https://x", ")"),
  "opening and closing brackets behind an address": after("https://x", "()"),
  "sentence ends, and then none": between("", "!", "a"),
  "sentence ends in an address": between("https://x/", "!", "a"),
  "addresses without anything between": filled("https://"),
  "short addresses": filled("https://a "),
  "an address of wide characters": after("https://", "世"),
  "an address of ever other characters": (length) => `https://${everOther(length)}`,
  "an address of punycode": after("https://xn--", "a"),
  "an address of labels": after("https://a", ".a"),
  "an address of dots": after("https://", "%2e"),
  "an address that goes up": after("https://a/", "../"),
  "an address of colons": after("https://[", ":"),
  "an address of numbers": after("https://", "1."),
  "an address without an end": after("https://a?", "&a=b"),
  "line ends, and then none": between("", "\n", "a"),
  "lines of a letter": filled("a\n"),
  "the line ends of Windows": filled("\r\n"),
  blanks: between("", " ", "a"),
  "words of a letter": filled("a "),
  tabs: filled("\t"),
  "a slash and a word": after("/", "a"),
  "a slash and words": after("/", "a "),
  "a command and blanks": between("/a", " ", "b"),
  "a command, a word and blanks": between("/set a", " ", "b c"),
  "a classic word": after("SEND ", "a"),
  "a classic word and blanks": between("SEND a", " ", "b"),
  "one's own name": filled("s "),
  "one's own name within others": filled("as.s-"),
  "one's own name as others' ending": filled("-s"),
  "a name again and again": filled("alice"),
  "marks on one letter": after("a", "\u0301"),
  "marks without a letter": filled("\u0301"),
  "joined emoji without end": filled("👩\u200d"),
  "flags without end": filled("🇩"),
  "a flag spelled without end": after("\u{1F3F4}", "\u{E0061}"),
  "black flags": filled("\u{1F3F4}"),
  "Hangul's leading letters": filled("\u1100"),
  "Devanagari's conjuncts": filled("\u0915\u094d"),
  "marks that stand before": filled("\u0600"),
  joiners: filled("\u200d"),
  "variation selectors": filled("\ufe0f"),
  "skin tones": filled("\u{1F3FD}"),
  "direction overrides": filled("\u202e"),
  "escape characters": filled("\u001b"),
  "sequences that never end": filled("\u001b["),
  "parameters without end": after("\u001b[", "0;"),
  "links without end": filled("\u001b]8;;"),
  "halves of pairs": filled("\ud800"),
  "other halves of pairs": filled("\udc00"),
  "ever other characters": everOther,
  zeros: filled("\0"),
  "JSON that only begins": filled("["),
  "quotes that only begin": filled('{"a":'),
};

function filled(unit: string): (length: number) => string {
  return after("", unit);
}

function after(before: string, unit: string): (length: number) => string {
  return between(before, unit, "");
}

function between(before: string, unit: string, behind: string): (length: number) => string {
  return (length) => before + unit.repeat(Math.max(1, Math.floor(length / unit.length))) + behind;
}

function everOther(length: number): string {
  return Array.from({ length }, (_, nth) => String.fromCodePoint(0x4e00 + (nth % 20_000))).join("");
}
