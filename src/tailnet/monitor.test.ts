import { afterEach, beforeEach, expect, test } from "vitest";
import { startFakeLocalApi } from "../../test/fakes/fake-local-api.ts";
import type { FakeLocalApi } from "../../test/fakes/fake-local-api.ts";
import type { NetworkInterfaces } from "./addresses.ts";
import { createLocalApi } from "./local-api/client.ts";
import type { LocalApi } from "./local-api/client.ts";
import type { LocalApiProblem } from "./local-api/outcome.ts";
import { createMonitor } from "./monitor.ts";
import type { Monitor, MonitorOptions, MonitorTimings, Observation } from "./monitor.ts";

const QUICK: MonitorTimings = { debounce: 1, poll: 60_000, interfaces: 5, retryFirst: 5, retryMost: 20 };

const UP = { tailscale0: [{ address: "100.64.0.1" }, { address: "fd7a:115c:a1e0::1" }] };
const BOTH = ["100.64.0.1", "fd7a:115c:a1e0::1"];

let tailnet: FakeLocalApi;
let api: LocalApi;
let interfaces: NetworkInterfaces;
let trouble: LocalApiProblem[];
const monitors: Monitor[] = [];

beforeEach(async () => {
  tailnet = await startFakeLocalApi();
  api = createLocalApi({ find: () => Promise.resolve([{ kind: "socket", path: tailnet.path }]), statusTimeout: 500 });
  interfaces = UP;
  trouble = [];
});

afterEach(async () => {
  for (const monitor of monitors.splice(0)) {
    monitor.stop();
  }
  api.close();
  await tailnet.stop();
});

async function follow(timings: Partial<MonitorTimings> = {}, asked: MonitorOptions["api"] = api): Promise<Monitor> {
  const monitor = await createMonitor({
    api: asked,
    interfaces: () => interfaces,
    timings: { ...QUICK, ...timings },
    onTrouble: (problem) => trouble.push(problem),
  });
  monitors.push(monitor);
  return monitor;
}

/** A tailscaled whose bus never says a word. */
const silent: MonitorOptions["api"] = { status: () => api.status(), watch: () => new Promise<never>(() => {}) };

/** Resolves with the first observation, the present one included, that is as wanted. */
function seen(monitor: Monitor, wanted: (observation: Observation) => boolean): Promise<Observation> {
  return new Promise((resolve) => {
    const look = (observation: Observation) => {
      if (wanted(observation)) {
        stopListening();
        resolve(observation);
      }
    };
    const stopListening = monitor.onChange(look);
    look(monitor.current());
  });
}

test("TN-15 Running in TUN mode: listen on our Tailscale addresses that an interface has", async () => {
  const monitor = await follow();
  expect(monitor.current()).toMatchObject({
    state: { kind: "running" },
    listenOn: BOTH,
    missing: [],
    everAnswered: true,
    socketExists: true,
    mode: "tun",
    selfId: "n1CNTRL",
  });
});

test("TN-15 Running in userspace mode: no address of ours, peers arrive at loopback", async () => {
  tailnet.setMode("userspace");
  expect((await follow()).current()).toMatchObject({ listenOn: [], missing: [], mode: "userspace" });
});

test.each(["NoState", "NeedsLogin", "NeedsMachineAuth", "Stopped", "Starting"] as const)(
  "TN-15 %s: nothing to listen on, though an interface has the addresses; the mode is known all the same",
  async (state) => {
    tailnet.setState(state);
    expect((await follow()).current()).toMatchObject({ listenOn: [], everAnswered: true, mode: "tun" });
  },
);

test("TN-15 no tailscaled: Tailscale's addresses on interfaces that bear its name", async () => {
  await tailnet.goAway();
  interfaces = { ...UP, wwan0: [{ address: "100.96.0.7" }] };
  expect((await follow()).current()).toMatchObject({
    state: { kind: "absent" },
    listenOn: BOTH,
    everAnswered: false,
    socketExists: false,
    mode: "unknown",
  });
});

test("TN-15 a tailscaled that never let us ask: nothing to listen on, and the socket counts", async () => {
  tailnet.forbid();
  expect((await follow()).current()).toMatchObject({
    state: { kind: "unreachable", problem: { kind: "no-permission" } },
    listenOn: [],
    everAnswered: false,
    socketExists: true,
    mode: "unknown",
  });
  expect(trouble[0]).toMatchObject({ kind: "no-permission" });
});

test("TN-16 what the bus tells is followed: stop, return, login with its link, other addresses", async () => {
  const monitor = await follow();
  tailnet.setState("Stopped");
  await seen(monitor, ({ state, listenOn }) => state.kind === "stopped" && listenOn.length === 0);
  tailnet.setState("NeedsLogin", "https://login.example/a/1");
  await seen(monitor, ({ state }) => state.kind === "needs-login" && state.url === "https://login.example/a/1");
  tailnet.setState("Running");
  await seen(monitor, ({ listenOn }) => listenOn.length === 2);
  interfaces = { tailscale0: [{ address: "100.64.0.9" }] };
  tailnet.self("chat", { user: "alice@example.com", addresses: ["100.64.0.9"] });
  await seen(monitor, ({ listenOn }) => listenOn.join(",") === "100.64.0.9");
});

test("TN-22 news on the bus are passed on once they have settled, also those of which the observation shows nothing", async () => {
  const monitor = await follow();
  const changes: Observation[] = [];
  monitor.onChange((observation) => changes.push(observation));
  const asked = () => tailnet.asked.filter((question) => question.includes("status")).length;
  const before = asked();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopListening = monitor.onNews(resolve);
  tailnet.grant("bob@example.com", { operator: true });
  await promise;
  expect(asked()).toBeGreaterThan(before);
  expect(changes).toEqual([]);
  stopListening();
});

test("TN-17 tailscaled that goes away and comes back is found again; mode and self are remembered meanwhile", async () => {
  const monitor = await follow();
  await tailnet.goAway();
  interfaces = {};
  const away = await seen(monitor, ({ state, listenOn }) => state.kind === "absent" && listenOn.length === 0);
  expect(away).toMatchObject({ everAnswered: true, socketExists: false, mode: "tun", selfId: "n1CNTRL" });
  interfaces = UP;
  tailnet.setMode("userspace");
  await tailnet.comeBack();
  expect(await seen(monitor, ({ state }) => state.kind === "running")).toMatchObject({
    mode: "userspace",
    listenOn: [],
  });
});

test("TN-17 a tailscaled that is installed while the server runs is found", async () => {
  await tailnet.goAway();
  const monitor = await follow();
  await tailnet.comeBack();
  expect(await seen(monitor, ({ state }) => state.kind === "running")).toMatchObject({ listenOn: BOTH });
});

test("TN-17 while it can't be asked, addresses it named before stay as long as an interface has them", async () => {
  const monitor = await follow();
  tailnet.forbid();
  expect(await monitor.refresh()).toMatchObject({ state: { kind: "unreachable" }, listenOn: BOTH, mode: "tun" });
  interfaces = { tailscale0: [{ address: "100.64.0.1" }] };
  await seen(monitor, ({ listenOn }) => listenOn.join(",") === "100.64.0.1");
  tailnet.permit();
  interfaces = UP;
  await seen(monitor, ({ state, listenOn }) => state.kind === "running" && listenOn.length === 2);
});

test("TN-17 a tailscaled that does not answer is no more than a timeout", async () => {
  api.close();
  api = createLocalApi({ find: () => Promise.resolve([{ kind: "socket", path: tailnet.path }]), statusTimeout: 20 });
  const release = tailnet.hold("status");
  const monitor = await follow();
  expect(monitor.current()).toMatchObject({ state: { kind: "unreachable", problem: { kind: "timeout" } } });
  release();
  // It goes on asking: on a busy machine one answer more may come too late for so short a time.
  await seen(monitor, ({ state }) => state.kind === "running");
});

test("TN-18 an address that is not there yet is listened on when it comes", async () => {
  interfaces = { tailscale0: [{ address: "100.64.0.1" }] };
  const monitor = await follow({}, silent);
  expect(monitor.current()).toMatchObject({ listenOn: ["100.64.0.1"], missing: ["fd7a:115c:a1e0::1"] });
  interfaces = UP;
  await seen(monitor, ({ listenOn, missing }) => listenOn.length === 2 && missing.length === 0);
});

test("TN-18 without tailscaled an address that comes to or leaves Tailscale's interface is followed", async () => {
  await tailnet.goAway();
  interfaces = {};
  const monitor = await follow();
  interfaces = UP;
  await seen(monitor, ({ listenOn }) => listenOn.length === 2);
  interfaces = {};
  await seen(monitor, ({ listenOn }) => listenOn.length === 0);
});

test("TN-19 a change that the bus kept to itself is found by asking now and then", async () => {
  const monitor = await follow({ poll: 5 }, silent);
  tailnet.setState("Stopped");
  await seen(monitor, ({ state }) => state.kind === "stopped");
});

test("TN-19 a refresh is never older than its call, however many there are", async () => {
  const monitor = await follow({ debounce: 60_000 });
  const release = tailnet.hold("status");
  const early = monitor.refresh();
  const before = tailnet.asked.length;
  const late = [monitor.refresh(), monitor.refresh(), monitor.refresh()];
  release();
  await early;
  tailnet.setState("Stopped");
  for (const observation of await Promise.all(late)) {
    expect(observation.state.kind).toBe("stopped");
  }
  expect(tailnet.asked.slice(before).filter((line) => line.includes("status")).length).toBeLessThanOrEqual(2);
});

test("TN-19 the same observation twice is no change, and after stop nothing is told", async () => {
  const monitor = await follow();
  const told: Observation[] = [];
  monitor.onChange((observation) => told.push(observation));
  await monitor.refresh();
  expect(told).toEqual([]);
  monitor.stop();
  tailnet.setState("Stopped");
  await monitor.refresh();
  expect(told).toEqual([]);
  expect(monitor.current().state.kind).toBe("running");
});
