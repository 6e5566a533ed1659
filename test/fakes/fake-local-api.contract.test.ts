import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { BUS_MASK, localApiContract, questions, type Tailscaled } from "../contracts/local-api.ts";
import { userspaceContract, type UserspaceTailscaled } from "../contracts/local-api-userspace.ts";
import { askRaw, busLines } from "../helpers/raw-local-api.ts";
import { decodeNetMap, decodePrefs, decodeStatus, decodeWhoIs } from "../../src/tailnet/local-api/answers.ts";
import type { Outcome } from "../../src/tailnet/local-api/outcome.ts";
import { stateFromStatus } from "../../src/tailnet/state.ts";
import { tailnetPeer } from "../../src/tailnet/tailnet-peer.ts";
import { startFakeLocalApi } from "./fake-local-api.ts";

localApiContract("the fake", open);
userspaceContract("the fake", openUserspace);

test("LC-8 a real status decodes to a node that runs, its owner, and its peers", () => {
  const status = valueOf(decodeStatus(recorded("status")));
  expect(stateFromStatus(status, Date.parse("2026-06-01"))).toEqual({
    kind: "running",
    addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    tun: true,
    self: {
      stableId: "1",
      dnsName: "chat.tail.test",
      nodeName: "chat",
      ownerLogin: "alice@example.com",
      ownerId: "1",
      tags: [],
      keyExpiry: null,
    },
    magicDnsSuffix: "tail.test",
    certDomains: [],
  });
  expect(decodeNetMap(recorded("peers"))).toEqual({
    ok: true,
    value: {
      running: true,
      nodes: ["1", "2", "3"],
      names: ["chat.tail.test", "bob-laptop.tail.test", "nas.tail.test"],
      addresses: ["100.64.0.2", "100.64.0.3"],
    },
  });
});

test("LC-8 a real who-is decodes to a person, and to a machine", () => {
  const whoIs = valueOf(decodeWhoIs(recorded("who-is-person")));
  expect(tailnetPeer(whoIs)).toEqual({
    identity: { kind: "person", login: "bob@example.com", userId: "2" },
    routesForOthers: false,
    sharedIn: false,
    online: true,
  });
  expect(whoIs.CapMap).toEqual({ "padserve.dev/cap/chat": [{ operator: true }] });
  expect(tailnetPeer(valueOf(decodeWhoIs(recorded("who-is-machine"))))).toMatchObject({
    identity: { kind: "machine", node: "3", label: "nas", tags: ["tag:backup"] },
  });
});

test("LC-8 real preferences decode to what the administrator has set", () => {
  expect(valueOf(decodePrefs(recorded("prefs")))).toEqual({
    ShieldsUp: false,
    CorpDNS: false,
    ControlURL: "http://10.77.0.1:8080",
  });
});

test.each([
  ["status", decodeStatus],
  ["peers", decodeStatus],
  ["prefs", decodePrefs],
  ["who-is-person", decodeWhoIs],
  ["who-is-machine", decodeWhoIs],
] as const)(
  "LC-9 the fake's %s has each field that we read of the real one, of the same type",
  async (name, decode) => {
    const fake = await open();
    onTestFinished(() => fake.dispose());
    const { body } = await askRaw(fake.socket, questions(fake)[name]);
    const wanted = fieldTypes(valueOf<unknown>(decode(recorded(name))), JSON.parse(recorded(name)));
    expect(Object.keys(wanted).length).toBeGreaterThan(2);
    expect(fieldTypes(valueOf<unknown>(decode(body)), JSON.parse(body))).toMatchObject(wanted);
  },
);

test("LC-9 the fake's bus has each field of the real one, of the same type", async () => {
  const fake = await open();
  onTestFinished(() => fake.dispose());
  const bus = busLines(fake.socket, BUS_MASK);
  const line: unknown = JSON.parse((await bus.next()).value ?? "");
  await bus.return();
  const real: unknown = JSON.parse(recorded("bus"));
  expect(fieldTypes(line, line)).toMatchObject(fieldTypes(real, real));
});

/** The contract's tailnet, on paper. */
async function open(): Promise<Tailscaled> {
  const fake = await startFakeLocalApi();
  const addresses = {
    chat: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    bob: ["100.64.0.2", "fd7a:115c:a1e0::2"],
    nas: ["100.64.0.3", "fd7a:115c:a1e0::3"],
  } as const;
  fake.node("bob-laptop", { user: "bob@example.com", addresses: addresses.bob });
  fake.node("nas", { tags: ["tag:backup"], addresses: addresses.nas });
  for (const who of ["bob@example.com", "tag:backup"]) fake.grant(who, { operator: true });
  return {
    socket: fake.path,
    addresses,
    down: async () => fake.setState("Stopped"),
    up: async () => fake.setState("Running"),
    async denied() {
      fake.forbid();
      try {
        return await askRaw(fake.path, "watch-ipn-bus?mask=2");
      } finally {
        fake.permit();
      }
    },
    dispose: () => fake.stop(),
  };
}

async function openUserspace(): Promise<UserspaceTailscaled> {
  const fake = await startFakeLocalApi();
  const addresses = {
    chat: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    bob: ["100.64.0.2", "fd7a:115c:a1e0::2"],
  } as const;
  fake.setMode("userspace");
  fake.node("bob-laptop", { user: "bob@example.com", addresses: addresses.bob });
  const echo = createServer((socket) => void socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(echo, "listening");
  fake.listens("bob-laptop", 12_345, portOf(echo));
  return {
    socket: fake.path,
    addresses,
    echo: 12_345,
    async arrive() {
      const socket = await fake.dial("bob-laptop", portOf(echo));
      return { port: socket.localPort ?? 0, close: () => void socket.destroy() };
    },
    async dispose() {
      echo.close();
      await fake.stop();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** An answer of a real tailscaled; `npm run test:tailnet -- contract --update` asks for it anew. */
function recorded(name: keyof ReturnType<typeof questions> | "bus"): string {
  return readFileSync(join(import.meta.dirname, "recorded", `${name}.json`), "utf8");
}

function valueOf<T>(decoded: Outcome<T>): T {
  if (!decoded.ok) throw new Error(`the answer does not decode: ${JSON.stringify(decoded.problem)}`);
  return decoded.value;
}

/** Keys of these are data, not fields. */
const MAPS: ReadonlySet<string> = new Set(["User", "CapMap"]);

/** The JSON type of each field of `answer` that `read`, which our decoder made of it, has as well; by its path. */
function fieldTypes(read: unknown, answer: unknown, path = ""): Readonly<Record<string, string>> {
  if (!isFields(read) || !isFields(answer)) return { [path]: jsonType(answer) };
  const shared = Object.keys(answer).filter((name) => Object.hasOwn(read, name));
  const ofFields = shared.map((name) =>
    fieldTypes(read[name], answer[name], `${path}/${MAPS.has(path.slice(1)) ? "*" : name}`),
  );
  return Object.assign({ [path]: "object" }, ...ofFields);
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return `array of ${[...new Set(value.map(jsonType))].toSorted().join(", ")}`;
  return value === null ? "null" : typeof value;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
