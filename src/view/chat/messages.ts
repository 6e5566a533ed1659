import { mentions, readSpeech } from "../text/speech.ts";
import type { Message } from "./snapshot.ts";

/** What somebody else's message is to us. */
export function messageFrom(from: string, text: string, me: string): Message {
  const speech = readSpeech(text);
  return {
    kind: "message",
    from,
    ...speech,
    own: false,
    mention: mentions(speech.text, me),
    delivery: { kind: "taken" },
  };
}
