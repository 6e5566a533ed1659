import { expect, onTestFinished, test } from "vitest";
import { startFakeLocalApi, type FakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import { besideTailscaled } from "../../../test/helpers/process-context.ts";
import type { ConnectionEnd } from "../../client/index.ts";
import { explainUnreachable } from "./explain-unreachable.ts";

const NO_NAME = unreachable("ENOTFOUND");
const NO_WAY = unreachable("EHOSTUNREACH");
const NOT_A_MEMBER: ConnectionEnd = { kind: "refused", error: { reason: "not-a-member" } };

test.each<[string, (fake: FakeLocalApi) => unknown, string]>([
  ["is stopped", (fake) => fake.setState("Stopped"), "Tailscale is stopped. Run: sudo tailscale up"],
  [
    "waits for a login",
    (fake) => fake.setState("NeedsLogin", "https://login.tailscale.com/a/1"),
    "Tailscale is not logged in. Log in at https://login.tailscale.com/a/1",
  ],
  [
    "is not there",
    (fake) => fake.goAway(),
    "Tailscale is not running on this machine. Install it from https://tailscale.com/download, or start its service.",
  ],
])("RE-5 where Tailscale %s, that is why, whatever the failure looks like", async (_what, change, words) => {
  const fake = await tailscaled();
  await change(fake);
  const ends = [
    NO_NAME,
    NO_WAY,
    ...["EAI_AGAIN", "ENETUNREACH", "ETIMEDOUT"].map(unreachable),
    { kind: "silent" },
  ] as const;
  for (const end of ends) expect(await explain(end, "chat", fake)).toBe(words);
  expect(await explain(NO_WAY, "100.64.0.1", fake)).toBe(words);
});

test("RE-5 where this machine doesn't take the tailnet's names, a name that isn't known has that reason", async () => {
  const fake = await tailscaled();
  expect(await explain(NO_NAME, "chat", fake)).toBeNull();
  fake.set({ acceptDns: false });
  expect(await explain(NO_NAME, "chat", fake)).toBe(
    "This machine does not take names from the tailnet. Run: sudo tailscale set --accept-dns=true; or give the server's address, which tailscale status shows.",
  );
  expect(await explain(NO_WAY, "chat", fake)).toBeNull();
});

test("RE-5 in userspace mode the machine's own server is to be called by its name in the tailnet", async () => {
  const fake = await tailscaled();
  expect(await explain(NOT_A_MEMBER, "localhost", fake)).toBeNull();
  fake.setMode("userspace");
  expect(await explain(NOT_A_MEMBER, "localhost", fake)).toBe(
    "Tailscale is in userspace mode here, and a server can't tell who comes from its own machine. Use this machine's name in the tailnet: chat",
  );
  expect(await explain(NOT_A_MEMBER, "chat", fake)).toBeNull();
});

test.each<[string, ConnectionEnd, string]>([
  ["a refusal", { kind: "refused", error: { reason: "name-taken" } }, "chat"],
  ["a connection that broke", { kind: "broken", code: "ECONNRESET" }, "chat"],
  ["a machine on which nobody listens", unreachable("ECONNREFUSED"), "chat"],
  ["an address that isn't the tailnet's", NO_WAY, "192.0.2.7"],
  ["this machine", { kind: "silent" }, "localhost"],
])("RE-5 nothing is said, and nobody asked, of %s", async (_what, end, host) => {
  const fake = await tailscaled();
  fake.setState("Stopped");
  expect(await explain(end, host, fake)).toBeNull();
  expect(fake.asked).toEqual([]);
});

test.each<[string, (fake: FakeLocalApi) => unknown]>([
  ["runs", () => {}],
  ["can't be asked", (fake) => fake.forbid()],
  ["says nothing", (fake) => fake.hold("status")],
])("RE-5 nothing is said where tailscaled %s", async (_what, change) => {
  const fake = await tailscaled();
  await change(fake);
  expect(await explain(NO_WAY, "chat", fake)).toBeNull();
});

function explain(end: ConnectionEnd, host: string, { path }: FakeLocalApi): Promise<string | null> {
  return explainUnreachable(end, { host, port: 12_345 }, besideTailscaled(path));
}

function unreachable(code: string): ConnectionEnd {
  return { kind: "unreachable", code };
}

async function tailscaled(): Promise<FakeLocalApi> {
  const fake = await startFakeLocalApi();
  onTestFinished(() => fake.stop());
  return fake;
}
