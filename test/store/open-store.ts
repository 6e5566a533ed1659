import { StoreError } from "../../src/store/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";

/** Opens the store in the directory named first, says `opened` or the refusal's code, and leaves. */
const [directory = ""] = process.argv.slice(2);
try {
  const store = await openSqliteStore(directory);
  await store.close();
  console.log("opened");
} catch (error) {
  console.log(error instanceof StoreError ? error.code : error);
}
