import { flushCompileCache } from "node:module";
import { openAgentStore } from "../../src/agent/storage/sqlite/store.ts";
import { group, groupAdded, historyKept, message } from "./device-samples.ts";

/** `FOLDER KEY-FILE FIRST [OWNER-FILE OWNER]`: keeps one message after another, a cursor with each, and says the number of each that is kept. */
const [folder = "", keyFile = "", first = "1", path, text = ""] = process.argv.slice(2);
const owner = path === undefined ? null : { path, text };
const store = await openAgentStore({ folder, keyFile, machine: "0123456789abcdef0123456789abcdef" }, owner);
// Killed, it would keep nothing of what was compiled for the next one.
flushCompileCache();
if (first === "1") await store.commit([groupAdded(group, 0)]);
for (let number = Number(first); ; number += 1) {
  await store.commit([
    historyKept(number, message(number, `text ${number}`)),
    { kind: "cursor-moved", group, from: number - 1, to: number, hash: new Uint8Array(32) },
  ]);
  console.log(number);
}
