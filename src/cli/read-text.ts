import { addAbortSignal, type Readable } from "node:stream";

/** A text to send, or one line about why it can't be. */
export type Text = { readonly text: string } | { readonly wrong: string };

/**
 * The text of a message: as given, or for `-` what is piped in, all of it, less one line end. Reads no more than it must
 * to know that it is too long. Bytes that are no UTF-8 become U+FFFD: an alarm that is garbled is better than none.
 * @param limit bytes of UTF-8.
 * @param stop ends the reading; then the result is null.
 */
export async function readText(given: string, stdin: Readable, limit: number, stop: AbortSignal): Promise<Text | null> {
  const text = given === "-" ? await readAll(stdin, limit, stop) : given;
  if (stop.aborted) return null;
  if (text instanceof Error) return { wrong: `Nothing was sent: ${unreadable(text)}.` };
  if (text === "") return { wrong: "There is nothing to send: the text is empty." };
  if (text === null || Buffer.byteLength(text) > limit) {
    return { wrong: tooLong(limit) };
  }
  return { text };
}

/** Of a standard input that fails, as that of `nohup` on a terminal does, which can only be written to. */
export function unreadable(error: Error): string {
  return `standard input can't be read (${"code" in error ? String(error.code) : error.message})`;
}

/** What is said of a text of more than so many bytes. */
export function tooLong(limit: number): string {
  return `Nothing was sent: the text is longer than ${limit} bytes, which is what one message can hold.`;
}

/** Null: more than the limit, and than the line end that doesn't count; or stopped. An error: of the reading. */
async function readAll(stdin: Readable, limit: number, stop: AbortSignal): Promise<string | Error | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(stop, stdin)) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      size += bytes.length;
      if (size > limit + 2) return null;
    }
  } catch (error) {
    if (!stop.aborted && error instanceof Error) return error;
    if (!stop.aborted) throw error;
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
