import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { commitFacts } from "./commit-facts.ts";

/** Claims `n<first>`, `n<first+1>`, … one by one in the directory named first, saying each number once it is kept. */
const [directory = "", first = "0"] = process.argv.slice(2);
const store = await openSqliteStore(directory);
for (let number = Number(first); ; number += 1) {
  await commitFacts(store, [
    { kind: "name-claimed", claim: { name: `n${number}`, identity: { kind: "local" }, claimedAt: number } },
  ]);
  process.stdout.write(`${number}\n`);
}
