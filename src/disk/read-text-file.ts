import { readFileSync } from "node:fs";

/**
 * The text of a file that people may have edited: without the byte-order mark that some editors put in front, which JSON
 * doesn't allow (RFC 8259, 8.1). Throws the file system's errors.
 */
export function readTextFile(path: string): string {
  const text = readFileSync(path, "utf8");
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
