/** A file's text without the byte-order mark that some editors put before it, which JSON doesn't allow (RFC 8259, 8.1). */
export function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
