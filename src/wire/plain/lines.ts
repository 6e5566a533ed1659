/** `wire/plain`: the plain door's lines: what people type, what they read, telnet's commands taken out. Pure. */

/** What somebody typed at the plain door. */
export type PlainValue =
  | { readonly kind: "nothing" }
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "direct"; readonly to: string; readonly text: string }
  | { readonly kind: "who" | "help" | "quit" }
  /** Begins with a slash and is none of our words, or one of them used wrongly. */
  | { readonly kind: "unknown"; readonly word: string }
  | { readonly kind: "wrong-use"; readonly usage: string };

/** The words, as `/help` tells them. */
export const PLAIN_WORDS = [
  ["/who", "who is here"],
  ["/me WAVES", "say it in the third person"],
  ["/msg NAME TEXT", "say it to one person (the server reads that, too)"],
  ["//TEXT", "say a text that begins with a slash"],
  ["/help", "this"],
  ["/quit", "leave (so does Ctrl-D)"],
] as const;

/** Reads a line, without its line feed. Never throws; what is not UTF-8 becomes `�`. */
export function decodePlainLine(line: Uint8Array): PlainValue {
  const text = textOf(line);
  if (text.trim() === "") return { kind: "nothing" };
  if (!text.startsWith("/") || text.startsWith("//")) return { kind: "say", text: text.replace(/^\/\//, "/") };
  const space = text.indexOf(" ");
  const word = space === -1 ? text : text.slice(0, space);
  const rest = space === -1 ? "" : text.slice(space + 1).trim();
  switch (word.toLowerCase()) {
    case "/who":
      return { kind: "who" };
    case "/help":
      return { kind: "help" };
    case "/quit":
      return { kind: "quit" };
    case "/me":
      return rest === "" ? { kind: "wrong-use", usage: "/me WAVES" } : { kind: "say", text: `/me ${rest}` };
    case "/msg": {
      const end = rest.indexOf(" ");
      const said = end === -1 ? "" : rest.slice(end + 1).trim();
      return said === ""
        ? { kind: "wrong-use", usage: "/msg NAME TEXT" }
        : { kind: "direct", to: rest.slice(0, end), text: said };
    }
    default:
      return { kind: "unknown", word };
  }
}

/** A line as text: without the `\r` that telnet and Windows put at its end, and the NUL behind one in RFC 854. */
export function textOf(line: Uint8Array): string {
  return new TextDecoder().decode(line).replaceAll("\0", "").replace(/\r$/, "");
}
