import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { FakeLocalApi } from "../fakes/fake-local-api.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";
import { namesOf, QUICK, startFakeTailscaled, startScene, until } from "../helpers/tailnet.ts";

const UNAVAILABLE = "ERROR Identity unavailable";

/** How a tailscaled can be away, and come back. */
const ABSENCES: readonly (readonly [string, (fake: FakeLocalApi) => Promise<() => unknown>])[] = [
  [
    "is stopped",
    async (fake) => {
      await fake.goAway();
      return () => fake.comeBack();
    },
  ],
  [
    "denies us its answers",
    async (fake) => {
      fake.forbid();
      return () => fake.permit();
    },
  ],
  ["does not answer", async (fake) => fake.hold("whois")],
];

describe("while tailscaled can't be asked", () => {
  test.each(ABSENCES)(
    "TS-19 sessions go on, newcomers are refused, and it mends by itself: it %s",
    async (_, leave) => {
      const scene = await startScene();
      const alice = await scene.join("alice-laptop", "alice");
      const bob = await scene.join("bob-laptop", "bob");
      const comeBack = await leave(scene.fake);

      const newcomer = await scene.dial("carol-laptop");
      newcomer.say("REGISTER carol");
      expect(await newcomer.closed()).toEqual([UNAVAILABLE]);
      alice.direct("bob", "still here");
      expect(await bob.message()).toMatchObject({ from: "alice", text: "still here" });
      // The right that the tailnet gave is neither lost …
      expect(await alice.ask("BAN mallory")).toBe("SUCCESS Banned client mallory");
      // … nor had by anybody who is only the next to come.
      expect(await bob.ask("LISTBANS")).toBe("ERROR Not authorized as operator");

      await comeBack();
      let reply = await scene.visit("carol-laptop", "carol");
      while (reply === UNAVAILABLE) reply = await scene.visit("carol-laptop", "carol");
      expect(reply).toBe("REGISTERED");
    },
  );

  test("TS-19 a fresh tailscaled with other connections of its own finds the sessions of before as they were", async () => {
    const scene = await startScene();
    const bob = await scene.join("bob-laptop", "bob");
    await scene.fake.goAway();
    await scene.fake.comeBack();
    await scene.round(bob);
    expect(await bob.ask("LIST")).toBe("BEGIN_RESPONSE");
    expect(namesOf(scene)).toEqual({ bob: "bob@example.com" });
  });

  test("TS-19 a tailscaled that has just started knows nobody yet: no session ends, nobody is called a stranger", async () => {
    const scene = await startScene({ config: { trustLocal: true } });
    const alice = await scene.join("alice-laptop", "alice");
    await scene.fake.goAway();
    // As it is with a real one, whose end is heard of before the next one answers.
    await until(alice, () => scene.server.running.observation().state.kind !== "running");
    scene.fake.setState("NoState");
    await scene.fake.comeBack();
    await until(alice, () => scene.server.running.observation().state.kind === "no-state");
    const newcomer = await scene.dial("carol-laptop");
    newcomer.say("REGISTER carol");
    expect(await newcomer.closed()).toEqual([UNAVAILABLE]);
    scene.fake.setState("Running");
    await scene.round(alice);
    expect(await alice.ask("BAN mallory")).toBe("SUCCESS Banned client mallory");
    expect(await scene.visit("carol-laptop", "carol")).toBe("REGISTERED");
  });

  test("TS-20 nobody waits for a newcomer whom tailscaled is slow to name", async () => {
    const scene = await startScene({ timings: { whoIs: 10_000, refreshEvery: 3_600_000 } });
    const bob = await scene.join("bob-laptop", "bob");
    const answer = scene.fake.hold("whois");
    const askedBefore = scene.fake.asked.length;
    const newcomer = await scene.dial("carol-laptop");
    newcomer.say("REGISTER carol", "LIST");
    await until(bob, () => scene.fake.asked.slice(askedBefore).some((question) => question.includes("whois")));
    expect(await bob.ask("LIST")).toBe("BEGIN_RESPONSE");
    expect(await bob.lines(2)).toEqual(["CLIENT bob", "END_RESPONSE"]);
    expect(newcomer.segments).toEqual([]);
    answer();
    // What it said meanwhile is heard then, in its order.
    expect(await newcomer.until("BEGIN_RESPONSE")).toContain("REGISTERED");
  });

  test("TS-21 once tailscaled has answered for a data directory, a server there never does without it again", async () => {
    const [fake, data] = [await startFakeTailscaled(), scratchFolder()];
    const before = await startScene({ fake, store: await openSqliteStore(data) });
    await before.visit("bob-laptop", "bob");
    await before.server.stop();
    await fake.goAway();

    await using server = await startTestServer({
      store: await openSqliteStore(data),
      tailscaleSocket: fake.path,
      timings: QUICK,
    });
    const peer = await server.connect();
    peer.say("REGISTER bob");
    expect(await peer.closed()).toEqual([UNAVAILABLE]);

    await fake.comeBack();
    const scene = { fake, server };
    for (;;) {
      const socket = await fake.dial("bob-laptop", server.port);
      socket.write("REGISTER bob\n");
      const [reply]: Buffer[] = await once(socket, "data");
      socket.destroy();
      if (reply?.toString().startsWith(UNAVAILABLE) === false) break;
    }
    expect(namesOf(scene)).toEqual({ bob: "bob@example.com" });
  });

  test("TS-21 where none was ever seen, this machine's people need none, and the first is operator", async () => {
    await using server = await startTestServer();
    expect(await (await server.connect()).ask("REGISTER bob")).toBe("REGISTERED as operator");
    expect(await (await server.connect()).ask("REGISTER carol")).toBe("REGISTERED");
  });

  test("TS-22 a socket that nobody answers, or something else than tailscaled, is a tailscaled that can't be asked", async () => {
    const path = join(scratchFolder(), "tailscaled.sock");
    // Who asked may have hung up on such an answer before it was all said.
    const other = createServer((socket) => socket.on("error", () => {}).end("220 mail.example.com ESMTP\r\n"));
    other.listen(path);
    await once(other, "listening");
    onTestFinished(() => void other.close());
    await using server = await startTestServer({ tailscaleSocket: path, timings: QUICK });
    const peer = await server.connect();
    peer.say("REGISTER bob");
    expect(await peer.closed()).toEqual([UNAVAILABLE]);
  });
});
