import { expect, onTestFinished, test } from "vitest";
import { startFakeLocalApi, type FakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import { startTestServer } from "../../../test/helpers/server.ts";
import { besideTailscaled } from "../../../test/helpers/process-context.ts";
import { connect, type PadClient } from "../../client/classic/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { reach } from "./reach.ts";

const CHAT = { host: "chat", port: 12_345 };
/** This machine, but not by an address of its loopback: what goes there is looked for as any other host. */
const HERE = "0.0.0.0";
const STATUS = "GET /localapi/v0/status?peers=false";

test.each(["chat", "chat.tail1234.ts.net", "100.64.0.1", "fd7a:115c:a1e0::1"])(
  "RE-1 beside a tailscaled in userspace mode %s is reached through it",
  async (host) => {
    await using server = await startTestServer();
    const fake = await userspace();
    fake.listens("chat", CHAT.port, server.port);
    const client = await come(fake, { ...CHAT, host });
    expect(await client.online()).toMatchObject({ kind: "online" });
    expect(await client.broadcast("from inside")).toEqual({ kind: "taken" });
    await client.close();
  },
);

test("RE-1 what is not the tailnet's is reached by TCP there", async () => {
  await using server = await startTestServer();
  const fake = await userspace();
  const client = await come(fake, { host: HERE, port: server.port });
  expect(await client.online()).toMatchObject({ kind: "online" });
  await client.close();
  expect(fake.asked.at(-1)).toBe("POST /localapi/v0/dial");
});

test.each(["127.0.0.1", "localhost", "LOCALHOST.", "::1"])(
  "RE-2 %s is this machine, and nobody is asked for the way",
  async (host) => {
    const fake = await userspace();
    expect(await reach({ ...CHAT, host }, besideTailscaled(fake.path))).toEqual({});
  },
);

test.each<[string, (fake: FakeLocalApi) => unknown, readonly string[]]>([
  ["has an interface", (fake) => fake.setMode("tun"), [STATUS]],
  ["isn't Running", (fake) => fake.setState("Stopped"), [STATUS]],
  ["denies us", (fake) => fake.forbid(), [STATUS]],
  ["says nothing", (fake) => fake.hold("status"), [STATUS]],
  ["is away", (fake) => fake.goAway(), []],
])("RE-2 where tailscaled %s, it is plain TCP", async (_what, change, asked) => {
  await using server = await startTestServer();
  const fake = await userspace();
  await change(fake);
  const client = await come(fake, { host: HERE, port: server.port });
  expect(await client.online()).toMatchObject({ kind: "online" });
  await client.close();
  expect(fake.asked).toEqual(asked);
});

test("RE-3 the way is looked for anew with each attempt: a tailscaled that comes up late is used", async () => {
  await using server = await startTestServer();
  const fake = await userspace();
  fake.setState("Starting");
  fake.listens("nobody-else-knows-this-name", CHAT.port, server.port);
  fake.node("nobody-else-knows-this-name", { user: "bob@example.com", addresses: ["100.64.0.2"] });
  const client = await come(fake, { host: "nobody-else-knows-this-name", port: CHAT.port }, "always");
  client.onEvent((event) => {
    if (event.kind === "state" && event.state.kind === "waiting") fake.setState("Running");
  });
  expect(await client.online()).toMatchObject({ kind: "online" });
  await client.close();
});

test.each([
  ["a name that nobody knows", "nobody", "ENOTFOUND"],
  ["a port where nobody listens", "chat", "ECONNREFUSED"],
])("RE-4 %s fails as it does by TCP", async (_what, host, code) => {
  const client = await come(await userspace(), { ...CHAT, host });
  expect(await client.ended()).toEqual({ kind: "unreachable", code });
});

test("RE-4 a tailscaled that does not understand the question is unreachable with a code of its own", async () => {
  const fake = await userspace();
  fake.forbid("dial access denied", ["dial"]);
  const client = await come(fake, CHAT);
  expect(await client.ended()).toEqual({ kind: "unreachable", code: "EIO" });
});

async function userspace(): Promise<FakeLocalApi> {
  const fake = await startFakeLocalApi();
  onTestFinished(() => fake.stop());
  fake.setMode("userspace");
  return fake;
}

async function come(
  fake: FakeLocalApi,
  server: ServerAddress,
  reconnect: "never" | "always" = "never",
): Promise<PadClient> {
  const way = await reach(server, besideTailscaled(fake.path));
  return connect({ server, id: "dave", reconnect, timings: { firstDelay: 1, longestDelay: 1 }, ...way });
}
