/**
 * A program: two people on the server at this port talk for some hours, as fast as it goes, in a chat each. It prints the
 * bytes of heap after each hour, when garbage has been collected.
 */
import { startChat, type TestChat } from "../helpers/chat.ts";

/** A lively hour: three lines a second, more in all than a conversation keeps. */
const LINES_AN_HOUR = 10_800;

/** So many from one of them before the other has the word. */
const AT_A_TIME = 20;

/** Only what the two say counts. */
const QUIET = { settings: { joins: false } };

const [port = "", hours = ""] = process.argv.slice(2);
const alice = await startChat(Number(port), "alice", QUIET);
const bob = await startChat(Number(port), "bob", QUIET);
const people = [alice, bob];

let line = 0;
for (let hour = 0; hour < Number(hours); hour++) {
  for (let said = 0; said < LINES_AN_HOUR; said += AT_A_TIME) {
    const texts = Array.from({ length: AT_A_TIME }, () => lineOf(line++));
    await say(people[(said / AT_A_TIME) % 2] ?? alice, texts);
  }
  globalThis.gc?.();
  console.log(process.memoryUsage().heapUsed);
}
await Promise.all(people.map(({ chat }) => chat.leave()));

/** Resolves when both have the last one: the one who said it, as taken. */
async function say({ chat }: TestChat, texts: readonly string[]): Promise<void> {
  for (const text of texts) chat.submit(text);
  const last = texts.at(-1) ?? "";
  await Promise.all(people.map((person) => person.until(({ current }) => isLast(current.entries.at(-1), last))));
}

function isLast(
  entry: ReturnType<typeof alice.chat.getSnapshot>["current"]["entries"][number] | undefined,
  text: string,
) {
  return entry?.kind === "message" && entry.text === text && entry.delivery.kind !== "sending";
}

/** Of all lengths that people write, and none like another. */
function lineOf(number: number): string {
  return `${number} ${"talk ".repeat(number % 40)}`.trimEnd();
}
