/** `view/text`: what a message's text says: emotes, mentions, its length on the wire. */

const EMOTE = "/me ";

/** What a message's text says: itself, or, behind `/me `, what its sender does (XEP-0245). */
export function readSpeech(text: string): { readonly text: string; readonly emote: boolean } {
  return text.startsWith(EMOTE) ? { text: text.slice(EMOTE.length), emote: true } : { text, emote: false };
}

/**
 * Whether a text names somebody, as a word of its own in any script, without regard to case: `mås` and `it's` don't name `s`,
 * `s's` does.
 */
export function mentions(text: string, id: string): boolean {
  const name = id.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  // A name may end a sentence, but "alice.smith" is another's.
  const before = String.raw`(?<![\p{L}\p{N}\p{M}_.-]|[\p{L}\p{N}\p{M}]['\u2019])`;
  const behind = String.raw`(?![\p{L}\p{N}\p{M}_-]|\.[\p{L}\p{N}_])`;
  return new RegExp(before + name + behind, "iu").test(text);
}
