const NAMED: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Others' text as one line that steers no terminal and splits at no tab: backslashes, control characters and invisible
 * marks are written `\\`, `\n`, `\t`, `\u001b`, `\U000e0001`. `printf %b` gives the text back.
 */
export function oneLine(text: string): string {
  // A joiner holds emoji together, and does no harm.
  return text.replaceAll(/[\\\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) => (found === "\u200d" ? found : escaped(found)));
}

/** The same for JSON: it stays what it is, since a program reads it, and only its text changes. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) =>
    found === "\u200d" ? found : found.split("").map(unit).join(""),
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const named = NAMED[character];
  if (named !== undefined) return named;
  return code > 0xff_ff ? `\\U${code.toString(16).padStart(8, "0")}` : unit(character);
}

function unit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
