import { expect, onTestFinished, test } from "vitest";
import { startFakeLocalApi, type FakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import { besideTailscaled } from "../../../test/helpers/process-context.ts";
import { mayBeUserspace, ownLogin } from "./tailscaled.ts";

const UP = { tailscale0: [{ address: "100.64.0.1" }] };
/** Some clusters give their containers addresses of the same range. */
const POD = { lo: [{ address: "127.0.0.1" }], eth0: [{ address: "100.64.3.7" }] };

test.each([
  ["beside a socket and without a Tailscale interface", "linux", POD, true, {}, true],
  ["without a socket", "linux", POD, false, {}, false],
  ["with an interface", "linux", UP, true, {}, false],
  ["on macOS, where the apps have one of another name", "darwin", POD, true, {}, false],
  ["on Windows", "win32", POD, true, {}, false],
  ["where the environment names a socket", "darwin", UP, false, { PADSERVE_TAILSCALE_SOCKET: "/tmp/t.sock" }, true],
  ["where it names none", "linux", UP, true, { PADSERVE_TAILSCALE_SOCKET: "" }, false],
] as const)(
  "RE-2 a tailscaled in userspace mode is thought of %s or not",
  async (_where, platform, seen, socket, env, may) => {
    const machine = { platform, interfaces: () => seen, exists: () => socket };
    expect(await mayBeUserspace({ env }, machine)).toBe(may);
  },
);

test.each<[string, (fake: FakeLocalApi) => unknown, string | null]>([
  ["a person's node", () => {}, "alice@example.com"],
  ["one whose status lacks the profile", (fake) => fake.set({ ownProfile: false }), "alice@example.com"],
  ["a tagged node", (fake) => fake.self("nas", { tags: ["tag:backup"], addresses: ["100.64.0.1"] }), null],
  ["a node that is logged out", (fake) => fake.setState("NeedsLogin"), null],
  ["a tailscaled that says nothing", (fake) => fake.hold("status"), null],
  ["a machine without tailscaled", (fake) => fake.goAway(), null],
])("RE-6 our own login on %s", async (_what, change, login) => {
  const fake = await startFakeLocalApi();
  onTestFinished(() => fake.stop());
  await change(fake);
  expect(await ownLogin(besideTailscaled(fake.path))).toBe(login);
});
