/** The terminal on a fake chat: `node fake-chat-program.ts MESSAGES` has so many of them. */
import { openTerminal } from "../../src/tui/index.ts";
import { FakeChat } from "../fakes/fake-chat.ts";

const chat = new FakeChat();
for (let nth = 1; nth <= Number(process.argv[2] ?? 0); nth += 1) {
  chat.hear({ from: nth % 2 === 0 ? "bob" : "carol", text: `message ${nth}` });
}
await openTerminal({
  chat,
  histories: new Map(),
  remember: () => {},
  stdin: process.stdin,
  stdout: process.stdout,
});
process.stdout.write("left\n");
process.exit(0);
