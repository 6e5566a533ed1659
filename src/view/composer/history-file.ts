import { clean } from "./clean.ts";
import { isNews, MAX_HISTORY } from "./history.ts";

/** What was written, by the conversation's id, oldest first. */
export type Histories = ReadonlyMap<string, readonly string[]>;

/** JSON lines, `{"conversation":"bob","text":"hi"}`, each with its line end: one can append to a file, or write it anew. */
export function encodeHistory(histories: Histories): string {
  return [...histories]
    .flatMap(([conversation, texts]) => texts.map((text) => `${JSON.stringify({ conversation, text })}\n`))
    .join("");
}

/** Reads what `encodeHistory` wrote, in however many pieces. A line that is damaged is passed over. Never throws. */
export function decodeHistory(lines: string): Histories {
  const histories = new Map<string, string[]>();
  for (const line of lines.split("\n")) {
    const written = readLine(line);
    if (written === null) continue;
    // Names, which files once had in place of ids, are the same in any case.
    const isId = written.conversation.includes(":");
    const conversation = isId ? written.conversation : written.conversation.toLowerCase();
    const text = clean(written.text);
    const history = histories.get(conversation) ?? [];
    if (!isNews(history, text)) continue;
    history.push(text);
    histories.set(conversation, history);
  }
  return new Map([...histories].map(([conversation, history]) => [conversation, history.slice(-MAX_HISTORY)]));
}

function readLine(line: string): { readonly conversation: string; readonly text: string } | null {
  // A file of blank lines would be a file of exceptions.
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return null;
    if (!("conversation" in value) || typeof value.conversation !== "string") return null;
    if (!("text" in value) || typeof value.text !== "string") return null;
    return { conversation: value.conversation, text: value.text };
  } catch {
    return null;
  }
}
