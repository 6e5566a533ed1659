import { expect, onTestFinished, test } from "vitest";
import { RUNNING } from "../../test/helpers/doctor.ts";
import { startFakeTailscaled } from "../../test/helpers/tailnet.ts";
import { createLocalApi } from "../tailnet/local-api/client.ts";
import { granted } from "./granted.ts";

const CAPABILITY = "padserve.dev/cap/chat";

async function scene() {
  const fake = await startFakeTailscaled("tun");
  const api = createLocalApi({ find: () => Promise.resolve([{ kind: "socket", path: fake.path }]), whoIsTimeout: 500 });
  onTestFinished(() => api.close());
  return { fake, api };
}

test("DR-7 whom the policy makes operator is asked of tailscaled for every node: each person and machine once, by the server's own rule", async () => {
  const { fake, api } = await scene();
  fake.grant("bob@example.com", { operator: true });
  fake.grant("carol@example.com", { operator: "yes" });
  fake.grant("tag:backup", [{}, { operator: true }]);
  fake.node("router", { user: "bob@example.com", addresses: ["100.64.0.20"], routes: ["192.168.1.0/24"] });
  expect(await granted(api, RUNNING, CAPABILITY)).toEqual({
    who: ["bob@example.com", "machine nas (tag:backup)", "machine printer (tag:backup)"],
    complete: true,
  });
  expect(await granted(api, RUNNING, "example.com/cap/other")).toEqual({ who: [], complete: true });
});

test("DR-7 when a node can't be asked about, that is known; where Tailscale isn't running nothing is asked", async () => {
  const { fake, api } = await scene();
  const release = fake.hold("whois");
  expect(await granted(api, RUNNING, CAPABILITY)).toEqual({ who: [], complete: false });
  release();
  const asked = fake.asked.length;
  expect(await granted(api, { kind: "stopped" }, CAPABILITY)).toBeNull();
  expect(fake.asked.length).toBe(asked);
});
