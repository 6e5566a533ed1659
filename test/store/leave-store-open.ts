import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { commitFacts } from "./commit-facts.ts";

/** Keeps a fact in the directory named first, says so, and comes to its end without closing the store. */
const [directory = ""] = process.argv.slice(2);
const store = await openSqliteStore(directory);
await commitFacts(store, [{ kind: "tailscaled-seen" }]);
console.log("kept");
