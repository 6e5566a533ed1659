import { logContract } from "../../test/contracts/store-logs.ts";
import { storeContract } from "../../test/contracts/store.ts";
import { createMemoryStore } from "./memory.ts";

storeContract("memory", open);
logContract("memory", open);

async function open() {
  return { store: createMemoryStore(), dispose: async () => {} };
}
