import { storeContract } from "../../test/contracts/store.ts";
import { createMemoryStore } from "./memory.ts";

storeContract("memory", async () => ({ store: createMemoryStore(), dispose: async () => {} }));
