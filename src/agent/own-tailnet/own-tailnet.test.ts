import { afterEach, beforeEach, expect, test } from "vitest";
import { startFakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import type { FakeLocalApi } from "../../../test/fakes/fake-local-api.ts";
import { createLocalApi } from "../../tailnet/local-api/client.ts";
import type { LocalApi } from "../../tailnet/local-api/client.ts";
import type { Named } from "../chat/own-tailnet.ts";
import { ownTailnet } from "./own-tailnet.ts";

let fake: FakeLocalApi;
let api: LocalApi;
const clock = { now: 0 };

beforeEach(async () => {
  fake = await startFakeLocalApi();
  fake.self("alice-laptop", { user: "alice@example.com", addresses: ["100.64.0.9"] });
  fake.node("bob-laptop", { user: "bob@example.com", addresses: ["100.64.0.2"] });
  fake.node("nas", { tags: ["tag:backup"], addresses: ["100.64.0.3"] });
  clock.now = 0;
  api = createLocalApi({
    find: () => Promise.resolve([{ kind: "socket", path: fake.path }]),
    statusTimeout: 200,
  });
});

afterEach(async () => {
  api.close();
  await fake.stop();
});

const person = (identity: string): Named => ({ kind: "person", identity });
const machine = (identity: string): Named => ({ kind: "machine", identity });
// As the fake gives them: users from 11 on as they come, nodes from 1 on.
const [ALICE, BOB, NAS] = [person("11"), person("12"), machine("n4CNTRL")];

function own() {
  return ownTailnet({ api, now: () => clock.now });
}

test("OT-1 people and machines of this tailnet are known, by the names that it has for them; others are absent", async () => {
  fake.node("dave-laptop", { user: "dave@elsewhere.com", addresses: ["100.64.0.7"], sharedIn: true });
  fake.node("erin-nas", { user: "erin@elsewhere.com", addresses: ["100.64.0.8"], domain: "tail9.ts.net" });
  const view = await own().view(ALICE, [BOB]);
  expect(view.seen(ALICE)).toEqual({ tailnet: "known", label: "alice@example.com" });
  expect(view.seen(BOB)).toEqual({ tailnet: "known", label: "bob@example.com" });
  expect(view.seen(NAS)).toEqual({ tailnet: "known", label: "nas" });
  for (const nobody of [person("666"), person("14"), person("15"), machine("n9CNTRL"), person("")]) {
    expect(view.seen(nobody)).toEqual({ tailnet: "absent", label: null });
  }
});

test("OT-1 whoever is offline, or whose key has expired, is there all the same", async () => {
  fake.node("bob-laptop", { user: "bob@example.com", addresses: ["100.64.0.2"], online: false, expired: true });
  expect((await own().view(ALICE, [BOB])).seen(BOB)).toMatchObject({ tailnet: "known" });
});

test("OT-2 a bare name or address is nobody that a tailnet could know", async () => {
  const view = await own().view(ALICE, [BOB]);
  for (const kind of ["name", "address"] as const) {
    expect(view.seen({ kind, identity: "12" })).toEqual({ tailnet: "unknown", label: null });
  }
});

test.each([
  ["is called somebody else by the server", person("12")],
  ["is a machine to the server", machine("n2CNTRL")],
  ["is local to the server", { kind: "name", identity: "alice" } as const],
])("OT-2 where this device %s, nothing is known of anybody", async (_what, self) => {
  expect((await own().view(self, [BOB])).seen(BOB)).toEqual({ tailnet: "unknown", label: null });
});

test("OT-2 a tagged node is the machine that its stable id says, and nobody's", async () => {
  fake.self("ci", { tags: ["tag:ci"], addresses: ["100.64.0.5"] });
  const ci = machine("n5CNTRL");
  expect((await own().view(ci, [NAS])).seen(NAS)).toMatchObject({ tailnet: "known" });
  expect((await own().view(ALICE, [NAS])).seen(NAS)).toMatchObject({ tailnet: "unknown" });
});

test("OT-2 without a tailscaled, one that isn't Running, forbids, or doesn't answer in time, nothing is known", async () => {
  const nothing = { tailnet: "unknown", label: null };
  for (const state of ["Stopped", "NeedsLogin", "Starting", "NoState"] as const) {
    fake.setState(state);
    expect((await own().view(ALICE, [BOB])).seen(BOB)).toEqual(nothing);
  }
  fake.setState("Running");
  fake.forbid();
  expect((await own().view(ALICE, [BOB])).seen(BOB)).toEqual(nothing);
  fake.permit();
  const release = fake.hold("status");
  expect((await own().view(ALICE, [BOB])).seen(BOB)).toEqual(nothing);
  release();
  await fake.goAway();
  expect((await own().view(ALICE, [BOB])).seen(BOB)).toEqual(nothing);
});

test("OT-3 tailscaled is asked once for all who want to know, again after half a minute, and sooner for whoever wasn't there", async () => {
  const tailnet = own();
  await Promise.all([tailnet.view(ALICE, [BOB]), tailnet.view(ALICE, [NAS]), tailnet.view(person("7"), [BOB])]);
  clock.now = 29_000;
  await tailnet.view(ALICE, [BOB]);
  expect(fake.asked.length).toBe(1);
  fake.node("carol-phone", { user: "carol@example.com", addresses: ["100.64.0.4"] });
  const carol = person("14");
  expect((await tailnet.view(ALICE, [carol])).seen(carol)).toMatchObject({ tailnet: "known" });
  expect(fake.asked.length).toBe(2);
  const nobody = person("666");
  clock.now += 1_999;
  await tailnet.view(ALICE, [nobody]);
  expect(fake.asked.length).toBe(2);
  clock.now += 1;
  await tailnet.view(ALICE, [nobody]);
  expect(fake.asked.length).toBe(3);
  clock.now += 30_000;
  await tailnet.view(ALICE, [BOB]);
  expect(fake.asked.length).toBe(4);
});

test("OT-3 that it didn't answer is believed as long, so that a silent tailscaled holds nothing up again and again", async () => {
  const tailnet = own();
  const release = fake.hold("status");
  await tailnet.view(ALICE, [BOB]);
  release();
  clock.now = 29_000;
  expect((await tailnet.view(ALICE, [BOB])).seen(BOB)).toMatchObject({ tailnet: "unknown" });
  clock.now = 30_000;
  expect((await tailnet.view(ALICE, [BOB])).seen(BOB)).toMatchObject({ tailnet: "known" });
});
