import { describe, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { scratchFolder } from "../helpers/program.ts";
import { namesOf, startFakeTailscaled, startScene } from "../helpers/tailnet.ts";
import { commitFacts } from "../store/commit-facts.ts";

const TAKEN = "ERROR Client name already registered";

describe("names", () => {
  test("TS-7 a name is its first claimant's, on each of his nodes, and nobody else's, present or not", async () => {
    const scene = await startScene();
    expect(await scene.visit("bob-laptop", "bob")).toBe("REGISTERED");
    expect(await scene.visit("carol-laptop", "bob")).toBe(TAKEN);
    const phone = await scene.join("bob-phone", "bob");
    expect(await scene.visit("carol-laptop", "bob")).toBe(TAKEN);
    // The person may bear it, but only once at a time.
    expect(await scene.visit("bob-laptop", "bob")).toBe(TAKEN);
    expect(await phone.ask("LIST")).toBe("BEGIN_RESPONSE");
  });

  test("TS-7 names and logins are the same in either case", async () => {
    const scene = await startScene();
    await scene.visit("bob-laptop", "Bob");
    expect(await scene.visit("carol-laptop", "bOB")).toBe(TAKEN);
    scene.fake.node("bob-tablet", { user: "Bob@Example.com", addresses: ["100.64.0.23"] });
    expect(await scene.visit("bob-tablet", "BOB")).toBe("REGISTERED");
  });

  test("TS-7 a name outlives the server that gave it", async () => {
    const [fake, data] = [await startFakeTailscaled(), scratchFolder()];
    const before = await startScene({ fake, store: await openSqliteStore(data) });
    await before.visit("bob-laptop", "bob");
    await before.server.stop();
    const after = await startScene({ fake, store: await openSqliteStore(data) });
    expect(await after.visit("carol-laptop", "bob")).toBe(TAKEN);
    expect(await after.visit("bob-laptop", "bob")).toBe("REGISTERED");
  });

  test("TS-26 a machine keeps its name when its host is renamed or gets a tag more, and another under its old name doesn't", async () => {
    const scene = await startScene();
    await scene.visit("nas", "backup");
    scene.fake.rename("nas", "storage");
    scene.fake.node("storage", { tags: ["tag:backup", "tag:extra"], addresses: ["100.64.0.15"] });
    expect(await scene.visit("storage", "backup")).toBe("REGISTERED");
    scene.fake.node("nas", { tags: ["tag:backup"], addresses: ["100.64.0.33"] });
    expect(await scene.visit("nas", "backup")).toBe(TAKEN);
  });

  test("TS-8 an identity has at most eight names, over all of its nodes; this machine 64", async () => {
    const scene = await startScene();
    for (const n of [1, 2, 3, 4]) expect(await scene.visit("bob-laptop", `bob${n}`)).toBe("REGISTERED");
    for (const n of [5, 6, 7, 8]) expect(await scene.visit("bob-phone", `bob${n}`)).toBe("REGISTERED");
    expect(await scene.visit("bob-laptop", "bob9")).toBe("ERROR Too many names");
    expect(await scene.visit("bob-laptop", "bob3")).toBe("REGISTERED");
    expect(await scene.visit("carol-laptop", "bob9")).toBe("REGISTERED");
    for (let n = 1; n <= 64; n++) expect(await scene.visit("chat", `local${n}`)).toBe("REGISTERED");
    expect(await scene.visit("chat", "local65")).toBe("ERROR Too many names");
  });

  test("TS-9 a login takes over what this machine's own people claimed, never the other way round", async () => {
    const scene = await startScene();
    await scene.visit("chat", "bob");
    expect(namesOf(scene)).toEqual({ bob: "this machine" });
    expect(await scene.visit("bob-laptop", "bob")).toBe("REGISTERED");
    expect(namesOf(scene)).toEqual({ bob: "bob@example.com" });
    expect(await scene.visit("chat", "bob")).toBe(TAKEN);
  });

  test("TS-9 a login takes over what a bare address claimed before there was a tailscaled", async () => {
    const data = scratchFolder();
    const claims = await openSqliteStore(data);
    const identity = { kind: "address", address: "100.64.0.99" } as const;
    await commitFacts(claims, [{ kind: "name-claimed", claim: { name: "bob", identity, claimedAt: 0 } }]);
    await claims.close();
    const scene = await startScene({ store: await openSqliteStore(data) });
    expect(namesOf(scene)).toEqual({ bob: "100.64.0.99" });
    expect(await scene.visit("chat", "bob")).toBe(TAKEN);
    expect(await scene.visit("bob-laptop", "bob")).toBe("REGISTERED");
    expect(namesOf(scene)).toEqual({ bob: "bob@example.com" });
  });
});
