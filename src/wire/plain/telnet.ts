/**
 * The plain door's wire: lines of text that people type and read, over `nc` or telnet. It has no key, no verb that must be known,
 * and nothing that a program need parse.
 *
 * This file takes telnet's commands out of a line (RFC 854, 855).
 */
const IAC = 255;
const DONT = 254;
const DO = 253;
const WONT = 252;
const WILL = 251;
const SUBNEGOTIATION = 250;
const SUBNEGOTIATION_END = 240;

/** What has begun and isn't over at a line's end: a line feed can stand within a command. */
type Within = "text" | "command" | "option" | "subnegotiation" | "subnegotiation-command";

/** Between two lines. `asked`: what the option is asked with, DO or WILL, or null. */
export interface TelnetState {
  readonly within: Within;
  readonly asked: number | null;
  /** The line so far, where a command goes on in the next one. */
  readonly text: Buffer;
}

export interface TelnetLine {
  readonly state: TelnetState;
  /** The line without commands; null: a command in it isn't over, and the line goes on. */
  readonly line: Buffer | null;
  /** What telnet wants to hear: that we do none of what it asks for. */
  readonly reply: Buffer;
}

export const TELNET_START: TelnetState = { within: "text", asked: null, text: Buffer.alloc(0) };

/** Takes one line, without its line feed. Linear; keeps at most `limit` bytes of a line that goes on, the rest is dropped. */
export function takeTelnetLine(before: TelnetState, bytes: Buffer, limit: number): TelnetLine {
  const text = Buffer.allocUnsafe(before.text.length + bytes.length);
  let length = before.text.copy(text);
  const reply: number[] = [];
  let { within, asked } = before;
  for (const byte of bytes) {
    switch (within) {
      case "text":
        if (byte === IAC) within = "command";
        else text[length++] = byte;
        break;
      case "command":
        // A second one stands for the byte itself, which is no text here.
        within = byte === SUBNEGOTIATION ? "subnegotiation" : byte >= WILL && byte <= DONT ? "option" : "text";
        asked = byte === DO || byte === WILL ? byte : null;
        break;
      case "option":
        if (asked !== null) reply.push(IAC, asked === DO ? WONT : DONT, byte);
        within = "text";
        break;
      case "subnegotiation":
        if (byte === IAC) within = "subnegotiation-command";
        break;
      case "subnegotiation-command":
        within = byte === SUBNEGOTIATION_END ? "text" : "subnegotiation";
    }
  }
  const whole = Buffer.from(text.subarray(0, Math.min(length, limit)));
  return within === "text"
    ? { state: TELNET_START, line: whole, reply: Buffer.from(reply) }
    : { state: { within, asked, text: whole }, line: null, reply: Buffer.from(reply) };
}
