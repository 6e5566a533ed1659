const EMOTE = "/me ";

/** What a message's text says: itself, or, behind `/me `, what its sender does (XEP-0245). */
export function readSpeech(text: string): { readonly text: string; readonly emote: boolean } {
  return text.startsWith(EMOTE) ? { text: text.slice(EMOTE.length), emote: true } : { text, emote: false };
}

/** Whether a text names somebody, as a word of its own, without regard to case. */
export function mentions(text: string, id: string): boolean {
  const name = id.replaceAll(/[^A-Za-z0-9_]/g, String.raw`\$&`);
  // A name may end a sentence, but "alice.smith" is another's.
  return new RegExp(String.raw`(?<![\w.-])${name}(?![\w-]|\.\w)`, "i").test(text);
}
