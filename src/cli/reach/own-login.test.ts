import { expect, onTestFinished, test } from "vitest";
import { startFakeLocalApi, type FakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import { besideTailscaled } from "../../../test/helpers/process-context.ts";
import { ownLogin } from "./own-login.ts";

test.each<[string, (fake: FakeLocalApi) => unknown, string | null]>([
  ["a person's node", () => {}, "alice@example.com"],
  ["one whose status lacks the profile", (fake) => fake.set({ ownProfile: false }), "alice@example.com"],
  ["a tagged node", (fake) => fake.self("nas", { tags: ["tag:backup"], addresses: ["100.64.0.1"] }), null],
  ["a node that is logged out", (fake) => fake.setState("NeedsLogin"), null],
  ["a tailscaled that says nothing", (fake) => fake.hold("status"), null],
  ["a machine without tailscaled", (fake) => fake.goAway(), null],
])("RE-6 the own login on %s", async (_what, change, login) => {
  const fake = await startFakeLocalApi();
  onTestFinished(() => fake.stop());
  await change(fake);
  expect(await ownLogin(besideTailscaled(fake.path))).toBe(login);
});
