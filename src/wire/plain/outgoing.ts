import { visible, visibleLine } from "../../text/visible.ts";

/** A message as a line of the plain door, with others' words made harmless. A message of several lines indents all but the first. */
export interface PlainMessage {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: string;
  readonly text: string;
  /** To the reader alone. */
  readonly direct: boolean;
}

/** Without its line end. Times are the server's, by its own clock and zone. */
export function messageLine({ at, from, text, direct }: PlainMessage): string {
  const who = visibleLine(from);
  // The third person, as XEP-0245 has it.
  const said = text.startsWith("/me ") ? `* ${who} ${visible(text.slice("/me ".length))}` : `${who}: ${visible(text)}`;
  return `${clockTime(at)} ${direct ? "(to you) " : ""}${said}`;
}

/** A line of the server's own. Nobody's message begins so. */
export function serverLine(text: string): string {
  return `-- ${text}`;
}

/** Lines as bytes; telnet wants CR LF (RFC 854), and a pipe behind `nc` doesn't. */
export function encodePlain(lines: readonly string[], lineEnd: "\n" | "\r\n"): Buffer {
  return Buffer.from(lines.map((line) => `${line.replaceAll("\n", lineEnd)}${lineEnd}`).join(""), "utf8");
}

function clockTime(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}
