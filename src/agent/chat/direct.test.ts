import { expect, test } from "vitest";
import { pinOf } from "../../mls/identity/pins.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Person } from "../../wire/frames/people.ts";
import { knownPeople } from "../device/known-people.ts";
import type { DeviceRuntime } from "../runtime/runtime.ts";
import type { AgentStore } from "../storage/ports.ts";
import { Direct } from "./direct.ts";
import { Rooms } from "./rooms.ts";
import { Sending } from "./sending.ts";
import { ChatState } from "./state.ts";
import { newTalk } from "./talk.ts";

const server = new Uint8Array(16).fill(1);
const bob: Who = { server, kind: "person", identity: "1002" };
const key = new Uint8Array(32).fill(2);
const sealedOnly = { kind: "not-sent", why: "sealed-only" };

/** A server that says that nobody has a device. */
function chat({ knowsKey = false, hasPair = false, isAllowed = false, name = "bob", why = "no-device" } = {}) {
  const pins = knowsKey ? [pinOf(bob, key, 0)] : [];
  const people = knownPeople({ pins, names: [{ name: "bob", who: bob }] }, () => 0);
  const person: Person = {
    name,
    owner: { kind: "person", identity: "1002" },
    label: "",
    online: true,
    classic: true,
    away: null,
    userKey: null,
    devices: [],
  };
  const runtime = {
    client: {
      state: { kind: "online", operator: false },
      request: async () => await Promise.resolve({ kind: "answered", value: { person } }),
    },
    openDirect: async () => await Promise.resolve({ kind: "failed", why }),
    self: async () => await Promise.resolve({ people }),
  };
  const store = { commit: async () => await Promise.resolve() };
  const state = new ChatState({
    // What isn't asked here needs no answer.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    runtime: runtime as unknown as DeviceRuntime,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    store: store as unknown as AgentStore,
    tailnet: null,
    tell: () => {},
    name: "alice",
  });
  state.own = { ...state.own, server: Buffer.from(server).toString("hex"), who: whoKey({ ...bob, identity: "1" }) };
  state.names.use(people, server);
  state.names.listed([person]);
  if (hasPair) state.talks.set("direct:person:1002", { ...newTalk("direct:person:1002"), status: "removed" });
  if (isAllowed) state.plainAllowed.add("bob");
  return new Direct(state, new Rooms(state), new Sending(state, Date.now, () => {}));
}

test("CA-7 a server that denies somebody's device opens no way around: neither a pair nor a key of theirs that was ever seen", async () => {
  expect(await chat().open("bob")).toMatchObject({ kind: "answered", value: { kind: "classic-direct" } });
  for (const known of [{ knowsKey: true }, { hasPair: true }]) {
    expect(await chat(known).open("bob")).toEqual(sealedOnly);
    expect(await chat(known).obstacleNow("bob")).toEqual(sealedOnly);
    expect(chat(known).obstacle("bob")).not.toBeNull();
    expect(await chat({ ...known, isAllowed: true }).open("BOB")).toMatchObject({ value: { kind: "classic-direct" } });
    expect(chat({ ...known, isAllowed: true }).obstacle("Bob")).toBeNull();
  }
});

test("CA-7 whoever goes by another name now isn't written to in the open, where a key of theirs was seen under the one before", async () => {
  const renamed = chat({ knowsKey: true, name: "rob" });
  expect(renamed.obstacle("rob")).toBe("ask");
  expect(await renamed.obstacleNow("rob")).toEqual(sealedOnly);
  expect(await renamed.open("rob")).toEqual(sealedOnly);
  expect(chat({ name: "rob" }).obstacle("rob")).toBeNull();
});

test("CA-6 whose key or name isn't the one that is known is said to be just that, where a conversation with them is opened", async () => {
  for (const why of ["changed-key", "remapped-name"]) {
    expect(await chat({ why }).open("bob")).toEqual({ kind: "held", hold: { kind: why, who: ["bob"] } });
  }
});

test("CA-7 what can't be a name is nobody's", async () => {
  for (const words of ["", "#ops", "two words", "x".repeat(65)]) {
    expect(await chat().open(words)).toEqual({ kind: "not-sent", why: "invalid-recipient" });
    expect(await chat().allowPlain(words)).toEqual({ kind: "not-sent", why: "invalid-recipient" });
  }
});
