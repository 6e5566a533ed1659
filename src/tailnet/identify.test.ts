import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CAPABILITY, startFakeLocalApi } from "../../test/fakes/fake-local-api.ts";
import type { FakeLocalApi, FakeNode } from "../../test/fakes/fake-local-api.ts";
import { identityKey, type Identity } from "../core/identity.ts";
import { createIdentifier } from "./identify.ts";
import type { Identified, IdentifierOptions } from "./identify.ts";
import { decodeWhoIs } from "./local-api/answers.ts";
import { createLocalApi } from "./local-api/client.ts";
import type { LocalApi } from "./local-api/client.ts";
import { failure } from "./local-api/outcome.ts";
import { createMonitor } from "./monitor.ts";
import type { Monitor } from "./monitor.ts";

const INTERFACES = {
  lo: [{ address: "127.0.0.1" }, { address: "::1" }],
  eth0: [{ address: "192.168.1.5" }],
  tailscale0: [{ address: "100.64.0.1" }, { address: "fd7a:115c:a1e0::1" }],
};

let tailnet: FakeLocalApi;
let api: LocalApi;
let monitor: Monitor | null;

beforeEach(async () => {
  tailnet = await startFakeLocalApi();
  tailnet.node("bob-laptop", { user: "bob@example.com", addresses: ["100.64.0.2", "fd7a:115c:a1e0::2"] });
  api = createLocalApi({ find: () => Promise.resolve([{ kind: "socket", path: tailnet.path }]), whoIsTimeout: 1000 });
  monitor = null;
});

afterEach(async () => {
  monitor?.stop();
  api.close();
  await tailnet.stop();
});

/** An identifier over what a monitor sees now; it is asked again by `look`. */
async function identifier(options: Partial<IdentifierOptions> = {}) {
  // Never by itself: each test says when tailscaled is looked at.
  const silent = { status: () => api.status(), watch: () => new Promise<never>(() => {}) };
  const watching = await createMonitor({ api: silent, interfaces: () => INTERFACES });
  monitor = watching;
  const { identify, byNode } = createIdentifier({
    api,
    observe: () => watching.current(),
    knownBefore: () => false,
    trustLocal: false,
    capability: CAPABILITY,
    interfaces: () => INTERFACES,
    ...options,
  });
  return {
    who: (address: string, port = 50_000) => identify({ address, port }),
    byNode,
    look: () => watching.refresh(),
  };
}

/** Who this node is, when it comes from its own address. */
async function whoIs(node: Partial<FakeNode>) {
  tailnet.node("peer", { addresses: ["100.64.0.3"], ...node });
  return (await identifier()).who("100.64.0.3");
}

function whoIsAsked(): number {
  return tailnet.asked.filter((line) => line.includes("whois")).length;
}

const nobody = { kind: "refused", reason: "not-a-member" };
const unavailable = { kind: "refused", reason: "identity-unavailable" };
const local = { kind: "known", identity: { kind: "local" }, grant: null, online: null, sharedIn: false };

function person(login: string, grant: string | null = null) {
  return { kind: "known", identity: { kind: "person", login }, grant };
}

function identityOf(identified: Identified): Identity {
  if (identified.kind === "refused") throw new Error(identified.reason);
  return identified.identity;
}

function machine(label: string, tags: readonly string[]) {
  return { kind: "known", identity: { kind: "machine", label, tags } };
}

describe("where the peer comes from", () => {
  test.each(["100.64.0.1", "fd7a:115c:a1e0::1", "192.168.1.5", "::ffff:192.168.1.5"])(
    "ID-1 %s, an address of this machine, is local and nobody is asked",
    async (address) => {
      const { who } = await identifier();
      expect(await who(address)).toEqual(local);
      await tailnet.goAway();
      expect(await who(address)).toEqual(local);
      expect(tailnet.asked.join()).not.toContain("whois");
    },
  );

  test.each(["192.168.1.5", "::ffff:192.168.1.5", "100.64.0.1", "127.0.0.1"])(
    "ID-1 with a tailscaled that is there, or was known, and never told its mode, %s is refused until who-is can be asked",
    async (address) => {
      tailnet.forbid();
      const { who, look } = await identifier();
      expect(await who(address)).toEqual(unavailable);
      tailnet.permit();
      await look();
      expect(await who(address)).toEqual(local);
      await tailnet.goAway();
      expect(await (await identifier({ knownBefore: () => true })).who(address)).toEqual(unavailable);
    },
  );

  test("ID-1 where no tailscaled exists, and none was known, an address of this machine is local", async () => {
    await tailnet.goAway();
    expect(await (await identifier()).who("192.168.1.5")).toEqual(local);
  });

  test("ID-1 in userspace mode tailscaled can come from any address of this machine, so who-is is asked", async () => {
    tailnet.setMode("userspace");
    expect(await (await identifier()).who("192.168.1.5")).toEqual(nobody);
  });

  test.each(["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])(
    "ID-2 in TUN mode loopback (%s) is local, also when Tailscale is stopped, needs a login, or is away",
    async (address) => {
      const { who, look } = await identifier();
      expect(await who(address)).toEqual(local);
      for (const state of ["Stopped", "NeedsLogin"] as const) {
        tailnet.setState(state);
        await look();
        expect(await who(address)).toEqual(local);
      }
      await tailnet.goAway();
      await look();
      expect(await who(address)).toEqual(local);
    },
  );

  test("ID-2 a tailscaled that is stopped when the server starts tells its mode as well", async () => {
    tailnet.setState("Stopped");
    expect(await (await identifier({ knownBefore: () => true })).who("127.0.0.1")).toEqual(local);
  });

  test("ID-3 where no tailscaled exists, and none was known, loopback is local", async () => {
    await tailnet.goAway();
    const { who } = await identifier();
    expect(await who("127.0.0.1")).toEqual(local);
    expect(await who("::1")).toEqual(local);
  });

  test("ID-4 in userspace mode loopback is whom who-is names, and refused if it names nobody", async () => {
    tailnet.setMode("userspace");
    const { who } = await identifier();
    await using arrived = await arrivalOf("bob-laptop");
    expect(await who("127.0.0.1", arrived.port)).toMatchObject(person("bob@example.com"));
    expect(await who("::ffff:127.0.0.1", arrived.port)).toMatchObject(person("bob@example.com"));
    expect(await who("127.0.0.1", 1)).toEqual(nobody);
    expect(await who("127.0.0.2", arrived.port)).toEqual(nobody);
    expect(await who("::1", arrived.port)).toEqual(nobody);
  });

  test("ID-4 our own node, named by who-is in userspace mode, is local", async () => {
    tailnet.setMode("userspace");
    const { who } = await identifier();
    await using arrived = await arrivalOf("chat");
    expect(await who("127.0.0.1", arrived.port)).toEqual(local);
  });

  test("ID-5 in userspace mode, while who-is can't be asked, loopback is refused", async () => {
    tailnet.setMode("userspace");
    const { who, look } = await identifier();
    tailnet.forbid();
    expect(await who("127.0.0.1")).toEqual(unavailable);
    await look();
    expect(await who("127.0.0.1")).toEqual(unavailable);
    await tailnet.goAway();
    await look();
    expect(await who("127.0.0.1")).toEqual(unavailable);
  });

  test("ID-6 with tailscaled away and its mode unknown, loopback is refused once one was known", async () => {
    await tailnet.goAway();
    expect(await (await identifier({ knownBefore: () => true })).who("127.0.0.1")).toEqual(unavailable);
  });

  test("ID-6 with a tailscaled that never answered, its mode unknown, loopback is whom who-is names", async () => {
    tailnet.forbid();
    const { who } = await identifier();
    expect(await who("127.0.0.1")).toEqual(unavailable);
    tailnet.permit();
    expect(await who("127.0.0.1", 1)).toEqual(unavailable);
    await using arrived = await arrivalOf("bob-laptop");
    expect(await who("127.0.0.1", arrived.port)).toMatchObject(person("bob@example.com"));
  });

  test("ID-7 a tailnet peer is whom who-is names, over both families", async () => {
    const { who } = await identifier();
    for (const address of ["100.64.0.2", "::ffff:100.64.0.2", "fd7a:115c:a1e0::2"]) {
      expect(await who(address)).toMatchObject({ ...person("bob@example.com"), online: true, sharedIn: false });
    }
  });

  test("ID-7 whom who-is doesn't know is not a member, from wherever", async () => {
    const { who } = await identifier();
    expect(await who("100.64.0.77")).toEqual(nobody);
    expect(await who("192.168.1.77")).toEqual(nobody);
  });

  test.each([
    ["403", async () => tailnet.forbid()],
    ["away", () => tailnet.goAway()],
  ])(
    "ID-8 while who-is can't be asked (%s), tailnet peers are refused, and none is an operator",
    async (_how, fail) => {
      const { who, look } = await identifier({ trustLocal: false });
      await fail();
      expect(await who("100.64.0.2")).toEqual(unavailable);
      await look();
      expect(await who("100.64.0.2")).toEqual(unavailable);
      tailnet.permit();
      await tailnet.comeBack();
      expect(await who("100.64.0.2")).toMatchObject(person("bob@example.com"));
    },
  );

  test("ID-8 a who-is that takes too long is no identity", async () => {
    api.close();
    api = createLocalApi({ find: () => Promise.resolve([{ kind: "socket", path: tailnet.path }]), whoIsTimeout: 20 });
    const { who } = await identifier();
    const release = tailnet.hold("whois");
    expect(await who("100.64.0.2")).toEqual(unavailable);
    release();
  });

  test("ID-8 a tailscaled without a map of its network knows nobody, and that is no answer", async () => {
    tailnet.setState("NoState");
    const { who, look } = await identifier();
    expect(await who("100.64.0.2")).toEqual(unavailable);
    tailnet.setState("Running");
    await look();
    expect(await who("100.64.0.2")).toMatchObject(person("bob@example.com"));
  });

  test("ID-9 where no tailscaled exists, and none was known, a Tailscale address is the identity; no other gets in", async () => {
    await tailnet.goAway();
    const { who } = await identifier();
    for (const address of ["100.64.0.2", "fd7a:115c:a1e0::2"]) {
      expect(await who(address)).toMatchObject({
        kind: "known",
        identity: { kind: "address", address },
        grant: null,
      });
    }
    expect(await who("::ffff:100.64.0.2")).toMatchObject({ identity: { kind: "address", address: "100.64.0.2" } });
    for (const address of ["192.168.1.77", "100.115.92.1", "2001:db8::1", "fe80::1%eth0", ""]) {
      expect(await who(address)).toEqual(nobody);
    }
  });

  test("ID-10 once a tailscaled was known, in whatever process, an address alone is no identity", async () => {
    await tailnet.goAway();
    expect(await (await identifier({ knownBefore: () => true })).who("100.64.0.2")).toEqual(unavailable);
  });
});

describe("whom who-is names", () => {
  test("ID-11 a tagged node is a machine, named by its node, whatever its owner", async () => {
    expect(await whoIs({ user: "alice@example.com", tags: ["tag:bot", "tag:ci"] })).toMatchObject({
      ...machine("peer", ["tag:bot", "tag:ci"]),
      grant: null,
    });
  });

  test.each(["tagged-devices", "Tagged-Devices", ""])("ID-12 the login %j is nobody", async (user) => {
    expect(await whoIs({ user })).toEqual(nobody);
  });

  test("ID-13 a subnet router is a machine, never its owner and never an operator", async () => {
    tailnet.grant("alice@example.com", { operator: true });
    expect(await whoIs({ user: "alice@example.com", routes: ["10.1.0.0/16"] })).toMatchObject({
      ...machine("peer", []),
      grant: null,
    });
    tailnet.grant("tag:router", { operator: true });
    expect(await whoIs({ tags: ["tag:router"], routes: ["fd00::/8", "::/0"] })).toMatchObject({
      ...machine("peer", ["tag:router"]),
      grant: null,
    });
  });

  test("ID-13 an exit node is no subnet router", async () => {
    expect(await whoIs({ user: "bob@example.com", routes: ["0.0.0.0/0", "::/0"] })).toMatchObject(
      person("bob@example.com"),
    );
  });

  test("ID-14 a node whose key tailscaled calls expired is not a member", async () => {
    expect(await whoIs({ user: "bob@example.com", expired: true })).toEqual(nobody);
  });

  test("ID-15 whether the node is online is passed on", async () => {
    expect(await whoIs({ user: "bob@example.com", online: false })).toMatchObject({ online: false });
  });

  test("ID-16 a machine of another tailnet can't bear the name of one of ours", async () => {
    tailnet.node("stranger", { addresses: ["100.64.0.4"], tags: ["tag:ci"], sharedIn: true });
    const { who } = await identifier();
    expect(await who("100.64.0.4")).toMatchObject({ ...machine("n3CNTRL", ["tag:ci"]), sharedIn: true });
  });
});

describe("operators by the tailnet", () => {
  test("ID-17 the owner of the server's node is an operator, however the login is written", async () => {
    tailnet.node("alice-laptop", { user: "Alice@Example.com", addresses: ["100.64.0.3"] });
    expect(await (await identifier()).who("100.64.0.3")).toMatchObject(person("Alice@Example.com", "owner"));
  });

  test("ID-17 a tagged server has no owner", async () => {
    tailnet.self("chat", { tags: ["tag:chat"], addresses: ["100.64.0.1"] });
    tailnet.node("alice-laptop", { user: "alice@example.com", addresses: ["100.64.0.3"] });
    expect(await (await identifier()).who("100.64.0.3")).toMatchObject(person("alice@example.com"));
  });

  test("ID-17 while Tailscale is not running nobody is an operator by ownership", async () => {
    tailnet.node("alice-laptop", { user: "alice@example.com", addresses: ["100.64.0.3"] });
    tailnet.setState("Starting");
    expect(await (await identifier()).who("100.64.0.3")).toMatchObject(person("alice@example.com"));
  });

  test("ID-18 a peer of another tailnet is a person, never the owner", async () => {
    tailnet.node("shared", { user: "alice@example.com", addresses: ["100.64.0.3"], sharedIn: true });
    expect(await (await identifier()).who("100.64.0.3")).toMatchObject({
      ...person("alice@example.com"),
      online: true,
      sharedIn: true,
    });
  });

  test('ID-19 who is granted our capability with "operator": true is an operator, person or machine', async () => {
    tailnet.node("ci", { tags: ["tag:ci"], addresses: ["100.64.0.3"] });
    const { who } = await identifier();
    tailnet.grant("bob@example.com", [{ other: 1 }, "text", null, { operator: true }]);
    tailnet.grant("tag:ci", { operator: true });
    expect(await who("100.64.0.2")).toMatchObject({ grant: "capability" });
    expect(await who("100.64.0.3")).toMatchObject({ ...machine("ci", ["tag:ci"]), grant: "capability" });
  });

  test.each([
    [null],
    [[]],
    [{ operator: "true" }],
    [{ operator: 1 }],
    [{ operator: false }],
    [{}],
    [[true]],
    [["operator"]],
  ])("ID-20 the capability with %j makes nobody an operator", async (args) => {
    tailnet.grant("bob@example.com", args);
    expect(await (await identifier()).who("100.64.0.2")).toMatchObject(person("bob@example.com"));
  });

  test("ID-20 another capability makes nobody an operator, and ours can have another name", async () => {
    tailnet.grant("bob@example.com", { operator: true }, "example.com/cap/other");
    expect(await (await identifier()).who("100.64.0.2")).toMatchObject({ grant: null });
    expect(await (await identifier({ capability: "example.com/cap/other" })).who("100.64.0.2")).toMatchObject({
      grant: "capability",
    });
  });

  test("ID-21 a grant that is withdrawn is gone with the next question", async () => {
    tailnet.grant("bob@example.com", { operator: true });
    const { who } = await identifier();
    expect(await who("100.64.0.2")).toMatchObject({ grant: "capability" });
    tailnet.withdraw("bob@example.com");
    expect(await who("100.64.0.2")).toMatchObject({ grant: null });
  });
});

describe("--trust-local", () => {
  test("ID-22 takes this machine's own processes for the node's owner while Tailscale is running", async () => {
    const { who, look } = await identifier({ trustLocal: true });
    for (const address of ["127.0.0.1", "100.64.0.1"]) {
      expect(await who(address)).toMatchObject(person("alice@example.com", "owner"));
    }
    tailnet.setState("Stopped");
    await look();
    expect(await who("127.0.0.1")).toEqual(local);
  });

  test("ID-22 has nobody to take them for where the node is tagged or no tailscaled exists", async () => {
    tailnet.self("chat", { tags: ["tag:chat"], addresses: ["100.64.0.1"] });
    const { who, look } = await identifier({ trustLocal: true });
    expect(await who("127.0.0.1")).toEqual(local);
    await tailnet.goAway();
    await look();
    expect(await who("127.0.0.1")).toEqual(local);
  });

  test("ID-22 lets nobody in whom who-is refuses", async () => {
    tailnet.setMode("userspace");
    expect(await (await identifier({ trustLocal: true })).who("127.0.0.1", 1)).toEqual(nobody);
  });
});

test("ID-23 of a node's own address one question at once is enough, whatever the port; asked later it is another", async () => {
  const { who } = await identifier();
  await Promise.all([who("100.64.0.2"), who("::ffff:100.64.0.2"), who("100.64.0.2", 50_001)]);
  expect(whoIsAsked()).toBe(1);
  await who("100.64.0.2");
  expect(whoIsAsked()).toBe(2);
});

test.each(["127.0.0.1", "::1", "192.168.1.5"])(
  "ID-23 of an address of this machine (%s) each connection is asked for itself: who gets a port next inherits no answer",
  async (address) => {
    // A tailscaled that answers when it is told to: by then the port may be another node's.
    const answers: ((login: string) => void)[] = [];
    const slow = {
      whoIs: async () => {
        const answer = Promise.withResolvers<string>();
        answers.push(answer.resolve);
        return decodeWhoIs(
          JSON.stringify({ Node: { StableID: "n9" }, UserProfile: { LoginName: await answer.promise } }),
        );
      },
    };
    tailnet.setMode("userspace");
    const { who } = await identifier({ api: slow });
    const first = who(address, 40_000);
    const second = who(address, 40_000);
    answers[1]?.("carol@example.com");
    answers[0]?.("bob@example.com");
    expect(await first).toMatchObject(person("bob@example.com"));
    expect(await second).toMatchObject(person("carol@example.com"));
  },
);

test("ID-49 one answer tells of all who come from a node's own address, and of nobody else from an address of this machine", async () => {
  tailnet.setMode("userspace");
  const { byNode } = await identifier();
  expect(
    byNode([
      ["a", { address: "100.64.0.2", port: 1 }],
      ["b", { address: "192.168.1.5", port: 2 }],
      ["c", { address: "::ffff:100.64.0.2", port: 3 }],
      ["d", { address: "192.168.1.5", port: 4 }],
      ["e", { address: "127.0.0.1", port: 5 }],
      ["f", { address: "127.0.0.1", port: 5 }],
    ]),
  ).toEqual([["a", "c"], ["b"], ["d"], ["e"], ["f"]]);
});

test("ID-50 a machine that is renamed, or gets a tag more, stays the machine that it was; label and tags are told anew", async () => {
  tailnet.node("nas", { tags: ["tag:backup"], addresses: ["100.64.0.3"] });
  const { who } = await identifier();
  const before = identityOf(await who("100.64.0.3"));
  tailnet.rename("nas", "storage");
  tailnet.node("storage", { tags: ["tag:backup", "tag:bot"], addresses: ["100.64.0.3"] });
  const after = identityOf(await who("100.64.0.3"));
  expect(after).toMatchObject({ label: "storage", tags: ["tag:backup", "tag:bot"] });
  expect(identityKey(after)).toBe(identityKey(before));
  // Another node under the old name and with the old tags is another machine.
  tailnet.node("nas", { tags: ["tag:backup"], addresses: ["100.64.0.4"] });
  expect(identityKey(identityOf(await who("100.64.0.4")))).not.toBe(identityKey(before));
});

test("ID-51 a person comes with Tailscale's number of the user, in all its digits", async () => {
  const profile = '{"ID":9007199254740993,"LoginName":"bob@example.com"}';
  const broken = { whoIs: async () => decodeWhoIs(`{"Node":{"StableID":"n9"},"UserProfile":${profile}}`) };
  expect(identityOf(await (await identifier({ api: broken })).who("100.64.0.2"))).toEqual({
    kind: "person",
    login: "bob@example.com",
    userId: "9007199254740993",
  });
});

test("ID-52 while the interfaces can't be read, those read last count; nobody is local by an address that was never seen", async () => {
  let broken = true;
  const interfaces = () => {
    if (broken) throw new Error("uv_interface_addresses returned Unknown system error 24");
    return INTERFACES;
  };
  const { who } = await identifier({ interfaces });
  expect(await who("192.168.1.5")).toEqual(nobody);
  broken = false;
  expect(await who("192.168.1.5")).toEqual(local);
  broken = true;
  expect(await who("192.168.1.5")).toEqual(local);
  expect(await who("127.0.0.1")).toEqual(local);
});

test("ID-24 an answer that can't be read is no identity", async () => {
  const broken = { whoIs: async () => failure({ kind: "malformed", text: "not JSON" }) };
  expect(await (await identifier({ api: broken })).who("100.64.0.2")).toEqual(unavailable);
});

/** A connection that a node made through a userspace tailscaled, held open: its port at 127.0.0.1. */
async function arrivalOf(name: string) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const socket = await tailnet.dial(name, typeof address === "object" && address !== null ? address.port : 0);
  return {
    port: socket.localPort ?? 0,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
