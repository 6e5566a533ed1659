import { describe, expect, test } from "vitest";
import { namesOf, startFakeTailscaled, startScene, until, type Scene } from "../helpers/tailnet.ts";

/** tailscaled with an interface of its own: what comes from loopback is this machine's, and nobody else's. */
async function startWithInterface(trustLocal: boolean): Promise<Scene> {
  return startScene({ fake: await startFakeTailscaled("tun"), config: { trustLocal } });
}

describe("this machine's own people", () => {
  test("TS-23 are local where tailscaled has an interface: they may talk, and own nothing", async () => {
    const scene = await startWithInterface(false);
    const peer = await scene.server.connect();
    expect(await peer.setUp("here")).toBe("REGISTERED");
    expect(await peer.ask("LISTBANS")).toBe("ERROR Not authorized as operator");
    expect(namesOf(scene)).toEqual({ here: "this machine" });
    expect(scene.fake.asked.filter((question) => question.includes("whois"))).toEqual([]);
  });

  test("TS-23 are so while tailscaled is away, too, as long as it said so in this process", async () => {
    const scene = await startWithInterface(false);
    await scene.fake.goAway();
    expect(await (await scene.server.connect()).ask("REGISTER here")).toBe("REGISTERED");
  });

  test("TS-24 are the node's owner with --trust-local, and operator", async () => {
    const scene = await startWithInterface(true);
    const peer = await scene.server.connect();
    expect(await peer.setUp("alice")).toBe("REGISTERED as operator");
    expect(namesOf(scene)).toEqual({ alice: "alice@example.com" });
  });

  test("TS-24 stay so with --trust-local while tailscaled is away, but nobody becomes so then", async () => {
    const scene = await startWithInterface(true);
    const before = await scene.server.connect();
    await before.setUp("alice");
    await scene.fake.goAway();
    await until(before, () => scene.server.running.observation().state.kind !== "running");
    expect(await before.ask("BAN mallory")).toBe("SUCCESS Banned client mallory");
    expect(await (await scene.server.connect()).ask("REGISTER here")).toBe("REGISTERED");
    await scene.fake.comeBack();
    await until(before, () => scene.server.running.observation().state.kind === "running");
    expect(await before.ask("UNBAN mallory")).toBe("SUCCESS Unbanned client mallory");
  });

  test("TS-24 are nobody's owner with --trust-local where the node is tagged", async () => {
    const fake = await startFakeTailscaled("tun");
    fake.self("chat", { tags: ["tag:chat"], addresses: ["100.64.0.1"] });
    const scene = await startScene({ fake, config: { trustLocal: true } });
    expect(await (await scene.server.connect()).ask("REGISTER here")).toBe("REGISTERED");
    expect(namesOf(scene)).toEqual({ here: "this machine" });
  });

  test("TS-24 --trust-local opens nothing for those who come from the tailnet by way of loopback", async () => {
    const scene = await startScene({ config: { trustLocal: true } });
    expect(await scene.visit("bob-laptop", "bob")).toBe("REGISTERED");
    expect(namesOf(scene)).toEqual({ bob: "bob@example.com" });
    const stranger = await scene.server.connect();
    expect(await stranger.ask("REGISTER mallory")).toBe("ERROR Not a member of this tailnet");
  });
});
