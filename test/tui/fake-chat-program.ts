/**
 * The terminal on a fake chat, for what a real server has no need to know: `node fake-chat-program.ts MESSAGES`. What is submitted
 * with a `!` in front makes something happen, and SIGUSR2
 * makes others write once.
 */
import { openTerminal } from "../../src/tui/index.ts";
import { FakeChat } from "../fakes/fake-chat.ts";

const chat = new FakeChat();
const submit = chat.submit.bind(chat);
const happenings: Readonly<Record<string, (rest: string) => void>> = {
  /** Others write so many messages. */
  hear: (count) => hear(Number(count)),
  /** Bob writes to us alone. */
  direct: (text) => void chat.hear({ from: "bob", text }, "bob"),
  /** Bob writes to everybody, with escapes as JavaScript has them. */
  say: (text) => void chat.hear({ from: "bob", text: unescaped(text) }),
  lose: () => chat.set({ link: { kind: "lost", text: "connection lost, trying again", takes: true } }),
  find: () => chat.set({ link: { kind: "online" } }),
  fail: () => {
    throw new Error("a mistake in the program");
  },
};
chat.submit = (text) => {
  const [, name = "", rest = ""] = /^!(\w+) ?(.*)$/s.exec(text) ?? [];
  const happening = happenings[name];
  if (happening === undefined) return submit(text);
  // Later than the key, as news of a server are.
  setImmediate(happening, rest);
  return "done";
};
// One more message, for whoever can't write now.
process.on("SIGUSR2", () => hear(1));
let heard = 0;
hear(Number(process.argv[2] ?? 0));

await openTerminal({ chat, histories: new Map(), remember: () => {}, stdin: process.stdin, stdout: process.stdout });
// tmux takes the lowest row for the news that the program has ended, and moves all others up.
process.stdout.write("\nThe chat is left.\n");
process.exit(0);

function hear(count: number): void {
  for (let nth = 0; nth < count; nth += 1) {
    heard += 1;
    chat.hear({ from: heard % 2 === 0 ? "bob" : "carol", text: `message ${heard}` });
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}
