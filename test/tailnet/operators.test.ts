import { describe, expect, test } from "vitest";
import { join } from "node:path";
import { scratchFolder } from "../helpers/program.ts";
import { CAPABILITY } from "../fakes/fake-local-api.ts";
import { NODES, QUICK, startFakeTailscaled, startScene } from "../helpers/tailnet.ts";
import { startTestServer } from "../helpers/server.ts";

const OPERATOR = "REGISTERED as operator";
const NOT_OPERATOR = "ERROR Not authorized as operator";

describe("operators", () => {
  test("TS-10 the person who owns the server's node is operator, on each node and under each name", async () => {
    const scene = await startScene();
    expect(await scene.visit("alice-laptop", "alice")).toBe(OPERATOR);
    expect(await scene.visit("alice-laptop", "boss")).toBe(OPERATOR);
    expect(await scene.visit("bob-laptop", "bob")).toBe("REGISTERED");
  });

  test("TS-10 a tagged node has no owner, and whoever bears the owner's login in another tailnet is not the owner", async () => {
    const scene = await startScene();
    scene.fake.node("other-alice", { user: "alice@example.com", addresses: ["100.64.0.24"], sharedIn: true });
    expect(await scene.visit("other-alice", "alice")).toBe("REGISTERED");
    const tagged = await startFakeTailscaled();
    tagged.self("chat", { tags: ["tag:backup"], addresses: ["100.64.0.1"] });
    const ownerless = await startScene({ fake: tagged });
    expect(await ownerless.visit("alice-laptop", "alice")).toBe("REGISTERED");
    expect(await ownerless.visit("nas", "nas")).toBe("REGISTERED");
  });

  test.each([
    ["true alone", [{ operator: true }], OPERATOR],
    ["true in one of several grants", [{ operator: false }, { operator: true }], OPERATOR],
    ["another word", [{ operator: "true" }], "REGISTERED"],
    ["another key", [{ admin: true }], "REGISTERED"],
    ["no argument", null, "REGISTERED"],
    ["no grant", [], "REGISTERED"],
  ])(
    'TS-11 the app capability with "operator": true makes operator, and nothing else of it does: %s',
    async (_, args, reply) => {
      const scene = await startScene();
      scene.fake.grant("bob@example.com", args);
      scene.fake.grant("tag:backup", args);
      expect(await scene.visit("bob-laptop", "bob")).toBe(reply);
      expect(await scene.visit("nas", "nas")).toBe(reply);
      expect(await scene.visit("carol-laptop", "carol")).toBe("REGISTERED");
    },
  );

  test("TS-11 the capability's name can be configured", async () => {
    const capability = "example.com/cap/pad";
    const scene = await startScene({ config: { capability } });
    scene.fake.grant("bob@example.com", { operator: true }, capability);
    scene.fake.grant("carol@example.com", { operator: true }, CAPABILITY);
    expect(await scene.visit("bob-laptop", "bob")).toBe(OPERATOR);
    expect(await scene.visit("carol-laptop", "carol")).toBe("REGISTERED");
  });

  test("TS-11 nobody behind a subnet router is operator, whatever was granted to the router", async () => {
    const scene = await startScene();
    scene.fake.node("router", { user: "alice@example.com", addresses: ["100.64.0.21"], routes: ["192.168.1.0/24"] });
    scene.fake.grant("alice@example.com", { operator: true });
    expect(await scene.visit("router", "somebody")).toBe("REGISTERED");
  });

  test("TS-12 those whom the configuration names, by login or by name", async () => {
    const operators = ["BOB@example.com", "boss", "name:carol@example.com", "login:nas"];
    const scene = await startScene({ config: { operators } });
    expect(await scene.visit("bob-phone", "anything")).toBe(OPERATOR);
    expect(await scene.visit("carol-laptop", "Boss")).toBe(OPERATOR);
    expect(await scene.visit("carol-laptop", "carol")).toBe("REGISTERED");
    expect(await scene.visit("nas", "nas")).toBe("REGISTERED");
  });

  test("TS-13 where a tailscaled is, nobody is operator by being first, on this machine neither", async () => {
    const scene = await startScene();
    const first = await scene.dial("bob-laptop");
    expect(await first.setUp("bob")).toBe("REGISTERED");
    expect(await first.ask("KICK somebody")).toBe(NOT_OPERATOR);
    expect(await scene.visit("chat", "here")).toBe("REGISTERED");
  });

  test("TS-13 who was operator by being first is so no more when a tailscaled appears", async () => {
    const path = join(scratchFolder(), "tailscaled.sock");
    await using server = await startTestServer({ tailscaleSocket: path, timings: QUICK });
    const first = await server.connect();
    expect(await first.setUp("first")).toBe(OPERATOR);
    expect(await first.ask("BAN mallory")).toBe("SUCCESS Banned client mallory");
    await startFakeTailscaled("tun", path);
    let answer = await first.ask("UNBAN mallory");
    while (answer !== NOT_OPERATOR) answer = await first.ask("UNBAN mallory");
    first.say("EXIT");
    await first.closed();
    // Nobody is here now, and still the next one is only the next one.
    expect(await (await server.connect()).ask("REGISTER second")).toBe("REGISTERED");
  });

  test("TS-14 a grant that is withdrawn ends at the next round, and one that is given begins with it", async () => {
    const scene = await startScene();
    const bob = await scene.join("bob-laptop", "bob");
    const carol = await scene.join("carol-laptop", "carol");
    scene.fake.grant("bob@example.com", { operator: true });
    expect(await bob.line()).toBe(OPERATOR);
    expect(await bob.ask("KICK carol")).toBe("SUCCESS Kicked client carol");
    expect(await carol.closed()).toEqual(["KICKED You have been kicked by the operator"]);
    scene.fake.withdraw("bob@example.com");
    await scene.round(bob);
    expect(await bob.ask("KICK carol")).toBe(NOT_OPERATOR);
  });

  test("TS-25 where tailscaled tells of a changed policy, a right is given or withdrawn without waiting for a round", async () => {
    const scene = await startScene({ timings: { refreshEvery: 3_600_000, refreshNews: 0 } });
    const bob = await scene.join("bob-laptop", "bob");
    scene.fake.grant("bob@example.com", { operator: true });
    expect(await bob.line()).toBe(OPERATOR);
    scene.fake.withdraw("bob@example.com");
    while ((await bob.ask("KICK nobody")) !== NOT_OPERATOR);
  });

  test("TS-14 a node that changes hands takes the owner's right along", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    const bob = await scene.join("bob-laptop", "bob");
    scene.fake.self("chat", { user: "bob@example.com", addresses: NODES["chat"]?.addresses ?? ["100.64.0.1"] });
    expect(await bob.line()).toBe(OPERATOR);
    await scene.round(alice);
    expect(await alice.ask("LISTBANS")).toBe(NOT_OPERATOR);
  });
});
