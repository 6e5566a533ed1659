/** `view/composer`: the input line as a value: a key or a text gives the next composer and perhaps an effect. Pure. */

/**
 * What may stand in a composer of what comes in by typing, pasting, completion or from a file: no control character but `\n`, no
 * direction override, no half of a pair. A paste must not smuggle in what a terminal would obey or a reader misread, and what
 * one sees in the composer is what goes out. Terminals send the line ends of a paste as `\r`.
 */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n|[\r\u0085\u2028\u2029]/g, "\n")
    .replaceAll("\t", "    ")
    .replaceAll(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, "");
}

/** The same for what must be one line. */
export function cleanLine(text: string): string {
  return clean(text).replaceAll("\n", " ");
}
