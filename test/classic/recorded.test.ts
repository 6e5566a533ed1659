import { createECDH } from "node:crypto";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { online } from "../client/recorder.ts";
import { agreedKey, sealed, unpadded } from "../helpers/classic-crypto.ts";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { isPush, recordedRun, replayServer, type Exchange } from "../helpers/recorded.ts";
import { startTestServer } from "../helpers/server.ts";

/** What the two wrote to everybody in each of the recorded runs. */
const WRITTEN: Readonly<Record<string, string>> = { alice: "hello everyone", bob: "grüße zurück ☕" };

const OUR_INFO = [
  "BEGIN_RESPONSE",
  `INFO Server: ${hostname()}`,
  "INFO No Tailscale IP",
  "CLIENT alice",
  "CLIENT bob",
  "END_RESPONSE",
];
const OUR_SERVERINFO = [`SERVERINFO Server: ${hostname()}`, "SERVERINFO No Tailscale IP"];
const OUR_HELP = [
  "BEGIN_RESPONSE",
  "Available server commands:",
  "LIST - List all connected clients",
  "INFO - Print server information",
  "END SERVERHELP",
  "END_RESPONSE",
];
const OUR_OPERATORS_HELP = [
  ...OUR_HELP.slice(0, 4),
  "Operator commands:",
  "SERVERINFO - Retrieve server information",
  "KICK <clientID> - Kick a client from the server",
  "BAN <clientID> - Ban a client from the server",
  "UNBAN <clientID> - Unban a client from the server",
  "LISTBANS - List all banned clients",
  ...OUR_HELP.slice(4),
];

/** All in which our server answers otherwise than the recorded one did: docs/compatibility.md tells the same in words. */
const DIFFERENCES: Readonly<Record<1 | 2 | 3, Readonly<Record<string, readonly string[]>>>> = {
  1: {
    "alice REGISTER alice": ["REGISTERED as operator", "PUBLICKEY", "(key)", "END PUBLICKEY"],
    "alice CLIENTPUBKEY": ["CLIENTPUBKEY_RECEIVED"],
    "bob CLIENTPUBKEY": ["CLIENTPUBKEY_RECEIVED"],
    "alice LIST": ["BEGIN_RESPONSE", "CLIENT alice", "CLIENT bob", "END_RESPONSE"],
    "alice INFO": OUR_INFO,
    "alice SERVERHELP": OUR_OPERATORS_HELP,
    "bob SERVERHELP": OUR_HELP,
    "alice EXIT": [],
    "bob EXIT": [],
  },
  2: {
    "alice INFO": OUR_INFO,
    "alice SERVERINFO": OUR_SERVERINFO,
    "bob SERVERINFO": ["ERROR Not authorized as operator"],
    "alice SERVERHELP": OUR_OPERATORS_HELP,
    "alice EXIT": [],
  },
  3: {
    "alice INFO": OUR_INFO,
    "alice SERVERINFO": OUR_SERVERINFO,
    "alice SERVERHELP": OUR_OPERATORS_HELP,
    "bob SERVERHELP": OUR_HELP,
    "alice EXIT": [],
  },
};

describe.each([1, 2, 3] as const)("a recorded run of the original, generation %i", (generation) => {
  const run = recordedRun(generation);

  test("SC-60 what the old clients said gets from our server what it got from theirs, but for the differences that are told", async () => {
    await using server = await startTestServer();
    const peers = new Map([
      ["alice", await server.connect()],
      ["bob", await server.connect()],
    ]);
    const pushed: string[] = [];
    const pushedThen = run.flatMap(({ who, heard }) => heard.filter(isPush).map((line) => `${who} ${opened(line)}`));
    for (const exchange of run) {
      const peer = peers.get(exchange.who);
      if (peer === undefined) throw new Error(`nobody is called ${exchange.who}`);
      const asked = `${exchange.who} ${exchange.said[0]}`;
      const recorded = exchange.heard.filter((line) => !isPush(line)).map(withoutKey);
      const expected = DIFFERENCES[generation][asked] ?? recorded;
      if (asked in DIFFERENCES[generation]) expect(expected).not.toEqual(recorded);
      // Whoever's connection is about to end reads first what was said to them.
      const ending = exchange.said[0] === "EXIT" ? exchange.who : exchange.said[0] === "BAN bob" ? "bob" : null;
      if (ending !== null) await readPushes(ending);
      say(peer, exchange);
      const answered: string[] = [];
      while (answered.length < expected.length) {
        const line = await peer.line();
        if (isPush(line)) pushed.push(`${exchange.who} ${opened(line)}`);
        else answered.push(withoutKey(line));
        if (withoutKey(line) === "(key)") peer.serverKey = line;
      }
      expect([asked, answered]).toEqual([asked, expected]);
    }
    // To everybody came what came then, and nothing else.
    for (const [who, peer] of peers) for (const line of await peer.closed()) pushed.push(`${who} ${opened(line)}`);
    expect(pushed.toSorted()).toEqual(pushedThen.toSorted());

    async function readPushes(who: string): Promise<void> {
      const messages = (lines: readonly string[]) =>
        lines.filter((line) => line.startsWith(who) && !line.includes("BANNED"));
      while (messages(pushed).length < messages(pushedThen).length)
        pushed.push(`${who} ${opened((await peers.get(who)?.line()) ?? "")}`);
    }
  });

  test("SC-61 what the old server said is understood by our client", async () => {
    await using server = await replayServer(run, "alice");
    await using alice = await online({ server: server.address, id: "alice" });
    const { client } = alice;
    expect(client.state).toEqual({ kind: "online", operator: generation > 1 });
    expect(await client.broadcast("hello everyone")).toEqual({ kind: "taken" });
    await alice.hears((event) => event.kind === "message" && event.to === "ALL" && event.text === WRITTEN["bob"]);
    expect(await client.send("bob", "just for you")).toEqual({ kind: "taken" });
    await alice.hears((event) => event.kind === "message" && event.to === "alice" && event.text === "and back");
    expect(await client.send("nobody", "lost")).toMatchObject({
      kind: "refused",
      error: { reason: "recipient-not-found" },
    });
    expect(await client.list()).toEqual({ kind: "answered", value: ["alice", "bob"] });
    const info = await client.info();
    if (generation === 3) expect(info).toMatchObject({ kind: "refused", error: { reason: "unsupported" } });
    else expect(info).toMatchObject({ kind: "answered", value: { addresses: expect.arrayContaining(["100.64.0.1"]) } });
    expect(await client.help()).toMatchObject({
      kind: "answered",
      value: expect.arrayContaining([{ usage: "LIST", text: "List all connected clients", operator: false }]),
    });
    if (generation > 1) {
      expect(await client.kick("nobody")).toMatchObject({ error: { reason: "target-not-found", target: "nobody" } });
      expect(await client.listBans()).toEqual({ kind: "answered", value: [] });
      expect(await client.ban("bob")).toEqual({ kind: "taken" });
      expect(await client.listBans()).toEqual({ kind: "answered", value: ["bob"] });
      expect(await client.unban("bob")).toEqual({ kind: "taken" });
      expect(await client.unban("bob")).toMatchObject({ error: { reason: "not-banned", target: "bob" } });
    }
    if (generation === 3)
      expect(await client.serverInfo()).toMatchObject({ kind: "answered", value: { host: "oldbox" } });
    expect(alice.events.filter((event) => event.kind === "notice")).toEqual([]);
  });
});

/** As it was said; but keys, and what is sealed under them, are made anew. */
function say(peer: ClassicPeer, { who, said }: Exchange): void {
  if (said[0] === "CLIENTPUBKEY") {
    const pair = createECDH("prime256v1");
    peer.say("CLIENTPUBKEY", pair.generateKeys("hex"), "END CLIENTPUBKEY");
    peer.key = agreedKey(pair, peer.serverKey);
  } else if (said[0]?.startsWith("SEND ALL ") === true) {
    if (peer.key === null) throw new Error("no keys exchanged yet");
    peer.say(`SEND ALL ${sealed(peer.key, WRITTEN[who] ?? "")}`);
  } else peer.say(...said);
}

function withoutKey(line: string): string {
  return /^04[0-9a-f]{128}$/.test(line) ? "(key)" : line;
}

/** A message by who it is from and what it says, since pads differ each time; another line as it is. */
function opened(line: string): string {
  const [, verb, from, field = ""] = /^(BROADCAST|MESSAGE) from (\S+): (\S+)$/.exec(line) ?? [];
  return verb === undefined ? line : `${verb} from ${from}: ${unpadded(field)}`;
}
