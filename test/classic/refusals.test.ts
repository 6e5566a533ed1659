/** PROTOCOL.md, "What we answer where the original was silent or wrong", row by row. */
import { describe, expect, test } from "vitest";
import { startFakeLocalApi } from "../fakes/fake-local-api.ts";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { answers, setScene, type Row } from "../helpers/classic-scene.ts";
import { startTestServer } from "../helpers/server.ts";

const notRegistered = ["SEND ALL {hello}", "SEND ALL nonsense", "SEND bob {a pad}", "SEND bob nonsense"].concat([
  "LIST",
  "INFO",
  "SERVERINFO",
  "KICK bob",
  "KICK bob bob",
  "BAN bob",
  "UNBAN bob",
  "LISTBANS",
]);
const invalidIds = ["ALL", "all", "x:", "{33 letters}", "bob!", "Zoë", "<b>"];
const noPads = ["hello", "ab", "ab|abcd", "a|b", "ab|zz", "ab|ab|ab", "{hello}"];
const noKeys = ["nonsense", "", "abc", "{a point off the curve}", "{a compressed key}", "{a hybrid key}", "{a key}00"];

const rows: readonly Row[] = [
  ...notRegistered.map((line): Row => ["a newcomer", line, ["ERROR Not registered"], "open"]),
  ["bob", "REGISTER dave", ["ERROR Already registered"], "open"],
  ["bob", "REGISTER bob", ["ERROR Already registered"], "open"],
  ...invalidIds.map((id): Row => ["a newcomer", `REGISTER ${id}`, ["ERROR Invalid client ID"], "open"]),
  ["alice", "BAN x:", ["ERROR Invalid client ID"], "open"],
  ["a newcomer", "REGISTER BOB", ["ERROR Client name already registered"], "open"],
  ...noPads.map((field): Row => ["bob", `SEND alice ${field}`, ["ERROR Invalid encrypted data"], "open"]),
  ["bob", "SEND alice |", [], "open"],
  ...noKeys.map((key): Row => [
    "carol",
    ["CLIENTPUBKEY", key, "END CLIENTPUBKEY"],
    ["ERROR Invalid public key"],
    "closed",
  ]),
  ["bob", "SEND ALL {an IV alone}", ["ERROR Decryption failed"], "open"],
  ["bob", "SEND ALL {no whole blocks}", ["ERROR Decryption failed"], "open"],
  ["bob", "SEND ALL {padding of 0}", ["ERROR Decryption failed"], "open"],
  ["bob", "SEND ALL {padding of 17}", ["ERROR Decryption failed"], "open"],
  ["bob", "SEND ALL {no UTF-8}", ["ERROR Invalid text"], "open"],
  ["bob", "SEND ALL {no text}", ["BROADCAST SENT"], "open"],
];

test.each(rows)("SC-9 %s says %j and hears %j, then is %s", async (...row) => {
  await using scene = await setScene();
  const [, , hears, after] = row;
  expect(await scene.play(row)).toEqual({ hears, after });
});

test("SC-9 a line that is no UTF-8 is refused, the connection lives on", async () => {
  await using scene = await setScene();
  scene.bob.write(Buffer.from([0x4c, 0x49, 0x53, 0x54, 0xff, 0x0a]));
  expect(await answers(scene.bob, [])).toEqual({ hears: ["ERROR Invalid text"], after: "open" });
});

test("SC-10 an id may have 32 letters, digits, dots, underscores and dashes, and keeps its case", async () => {
  await using scene = await setScene();
  const id = "Backup.of_the-NAS.0123456789abcd";
  expect(id).toHaveLength(32);
  await scene.server.join(id);
  scene.bob.say("LIST");
  expect(await scene.bob.until("END_RESPONSE")).toContain(`CLIENT ${id}`);
  scene.bob.say(`SEND ${id.toLowerCase()} |`);
  expect(await answers(scene.bob, [])).toEqual({ hears: [], after: "open" });
});

describe("a line's length", () => {
  const longest = "x".repeat(65_536);

  test("SC-11 a line of 65536 bytes is read", async () => {
    await using scene = await setScene();
    expect(await scene.bob.ask(longest)).toBe(`ERROR Unknown command: ${longest}`);
  });

  test.each(["\n", ""])("SC-11 one byte more is refused and ends the connection, with %j behind it", async (end) => {
    await using scene = await setScene();
    scene.bob.write(`${longest}x${end}`);
    expect(await scene.bob.closed()).toEqual(["ERROR Line too long"]);
    expect((await scene.play(["alice", "LIST", [], "open"])).hears).not.toContain("CLIENT bob");
  });
});

test("SC-12 one connection more than the server takes is told so and closed; with one gone there is room", async () => {
  await using server = await startTestServer({ config: { maxConnections: 2 } });
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  const third = await server.connect();
  third.say("REGISTER carol");
  expect(await third.closed()).toEqual(["ERROR Server is full"]);
  bob.say("EXIT");
  await bob.closed();
  await server.join("carol");
  expect(await alice.ask("SEND carol |\nSEND bob |")).toBe("ERROR Recipient not found");
});

describe("where Tailscale tells who is who", () => {
  test("SC-13 one connection more than an identity may have is told so and closed; others come in", async () => {
    const tailscale = await startUserspace();
    await using server = await startTestServer({ tailscaleSocket: tailscale.path, config: { maxPerIdentity: 2 } });
    await tailscale.peer("laptop", server.port).then((peer) => peer.setUp("bob"));
    await tailscale.peer("phone", server.port).then((peer) => peer.setUp("bob-on-the-way"));
    const third = await tailscale.peer("laptop", server.port);
    third.say("REGISTER third");
    expect(await third.closed()).toEqual(["ERROR Server is full"]);
    await tailscale.peer("desk", server.port).then((peer) => peer.setUp("carol"));
    await tailscale.stop();
  });

  test("SC-14 an id that belongs to another identity is refused, whether its owner is there or not", async () => {
    const tailscale = await startUserspace();
    await using server = await startTestServer({ tailscaleSocket: tailscale.path });
    const bob = await tailscale.peer("laptop", server.port);
    await bob.setUp("bob");
    const carol = await tailscale.peer("desk", server.port);
    expect(await carol.ask("REGISTER bob")).toBe("ERROR Client name already registered");
    bob.say("EXIT");
    await bob.closed();
    expect(await carol.ask("REGISTER Bob")).toBe("ERROR Client name already registered");
    expect(await carol.setUp("carol")).toBe("REGISTERED");
    await tailscale.stop();
  });

  test("SC-15 a peer that who-is doesn't know, or can't be asked about, is told so and closed", async () => {
    const tailscale = await startUserspace();
    await using server = await startTestServer({ tailscaleSocket: tailscale.path });
    const stranger = await server.connect();
    stranger.say("REGISTER stranger");
    expect(await stranger.closed()).toEqual(["ERROR Not a member of this tailnet"]);
    tailscale.fake.forbid();
    const bob = await tailscale.peer("laptop", server.port);
    bob.say("REGISTER bob");
    expect(await bob.closed()).toEqual(["ERROR Identity unavailable"]);
    await tailscale.stop();
  });

  test("SC-16 INFO and SERVERINFO tell the Tailscale addresses", async () => {
    const tailscale = await startUserspace();
    const config = { operators: ["bob@example.com"] };
    await using server = await startTestServer({ tailscaleSocket: tailscale.path, config });
    const bob = await tailscale.peer("laptop", server.port);
    expect(await bob.setUp("bob")).toBe("REGISTERED as operator");
    bob.say("INFO", "SERVERINFO");
    const lines = (await bob.lines(7)).filter((line) => line.includes("IP"));
    const addresses = "Tailscale IP(s): 100.64.0.1, fd7a:115c:a1e0::1";
    expect(lines).toEqual([`INFO ${addresses}`, `SERVERINFO ${addresses}`]);
    await tailscale.stop();
  });
});

/** A tailscaled in userspace mode: its peers come from loopback. Bob has a laptop and a phone, Carol a desk. */
async function startUserspace() {
  const fake = await startFakeLocalApi();
  fake.setMode("userspace");
  fake.node("laptop", { user: "bob@example.com", addresses: ["100.64.0.2"] });
  fake.node("phone", { user: "bob@example.com", addresses: ["100.64.0.3"] });
  fake.node("desk", { user: "carol@example.com", addresses: ["100.64.0.4"] });
  return {
    fake,
    path: fake.path,
    peer: async (node: string, port: number) => new ClassicPeer(await fake.dial(node, port)),
    stop: () => fake.stop(),
  };
}
