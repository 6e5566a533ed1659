import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { namesOf } from "../helpers/conversation.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { startScene } from "../helpers/tailnet.ts";

const HOST = hostname().split(".")[0] ?? "";
const GREETING = [
  `-- Padserve on ${HOST}: the open room.`,
  "-- Everybody who is connected reads what you write here, and so can the server.",
  "-- Whoever uses pad may be busy in sealed rooms, which can't be seen from here: they find what you write marked as unread.",
];
const welcome = (name: string, more = ""): string =>
  `-- You are ${name} here${more}. What you write goes to everybody; /help says more.`;

/** Somebody at the plain door who has a name. */
async function enter(server: TestServer, name: string): Promise<ClassicPeer> {
  const peer = await server.connect();
  peer.write(`\n${name}\n`);
  let line = "";
  while (!line.startsWith("-- You are ")) line = await peer.line();
  return peer;
}

/** The line without its time. */
function said(line: string): string {
  expect(line).toMatch(/^\d\d:\d\d /);
  return line.slice("12:34 ".length);
}

describe("coming in", () => {
  test("PD-2 who has a name is greeted by it, and told at once that everybody and the server read along", async () => {
    const scene = await startScene();
    await scene.join("bob-laptop", "bob");
    const nc = await scene.dial("bob-phone");
    nc.write("\n");
    expect(await nc.lines(4)).toEqual([...GREETING, welcome("bob")]);
    expect(scene.server.running.state().sessions.size).toBe(2);
  });

  test("PD-2 who has none is asked once; Enter alone takes what is suggested, and it is theirs from then on", async () => {
    const scene = await startScene();
    const nc = await scene.dial("carol-laptop");
    nc.write("\n");
    expect(await nc.lines(4)).toEqual([
      ...GREETING,
      "-- What should others call you? Type a name, or Enter alone for carol.",
    ]);
    nc.write("\n");
    expect(await nc.line()).toBe(welcome("carol"));
    nc.write("/quit\n");
    expect(await nc.closed()).toEqual([]);
    const again = await scene.dial("carol-laptop");
    again.write("\n");
    expect(await again.lines(4)).toEqual([...GREETING, welcome("carol")]);
    const nas = await scene.dial("nas");
    nas.write("\n\n");
    expect((await nas.lines(5)).at(-1)).toBe(welcome("nas"));
  });

  test("PD-2 a name that can't be had is asked for again", async () => {
    await using server = await startTestServer();
    const peer = await server.connect();
    peer.write("\n");
    expect((await peer.lines(4)).at(-1)).toBe("-- What should others call you? Type a name, and Enter.");
    peer.write("no name\n");
    expect(await peer.lines(2)).toEqual([
      "-- A name is 1 to 32 of the characters A-Z a-z 0-9 . _ - and not ALL.",
      "-- What should others call you? Type a name, and Enter.",
    ]);
    peer.write("dave\n");
    expect(await peer.line()).toBe(welcome("dave", ", and operator"));
  });

  test("PD-1 whatever else comes first is the classic protocol, an empty line later on too", async () => {
    await using server = await startTestServer();
    const peer = await server.connect();
    peer.write("LIST\n\n \n");
    expect(await peer.lines(3)).toEqual(["ERROR Not registered", "ERROR Unknown command: ", "ERROR Unknown command: "]);
  });

  test("PD-1 Enter as a terminal or telnet sends it, byte by byte, and telnet's first byte", async () => {
    await using server = await startTestServer();
    for (const start of ["\r\n", "\xff\xfd\x03"]) {
      const peer = await server.connect();
      for (const byte of Buffer.from(start, "latin1")) {
        peer.write(Buffer.from([byte]));
        await (await server.connect()).ask("LIST");
      }
      expect(await peer.line()).toBe(GREETING[0]);
    }
  });

  test("PD-1 telnet's Enter is CR LF, or CR NUL from one that sends each key; either ends every line", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    for (const [end, name] of [
      ["\r\n", "bob"],
      ["\r\0", "carol"],
    ] as const) {
      for (const whole of [true, false]) {
        const peer = await server.connect();
        const bytes = `${end}${name}${end}hi from ${name}${end}/quit${end}`;
        // Key by key: the answer to another connection's question shows that the server has read what came before.
        for (const piece of whole ? [bytes] : bytes) {
          peer.write(piece);
          if (!whole) await (await server.connect()).ask("LIST");
        }
        expect(await alice.message()).toEqual({ from: name, to: "ALL", text: `hi from ${name}` });
        expect((await peer.closed()).slice(0, 3)).toEqual(GREETING);
      }
    }
  });

  test("PD-8 who may not come in is told so in words", async () => {
    const scene = await startScene();
    const stranger = await scene.server.connect();
    stranger.write("\n");
    expect(await stranger.closed()).toEqual(["-- You are not known to this tailnet."]);
  });
});

describe("the open room by plain lines", () => {
  test("PD-3 what is written goes to everybody, over both protocols", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const nc = await enter(server, "bob");
    const other = await enter(server, "carol");
    nc.write("hello there\r\n\n/me waves\n//etc is a folder\n");
    for (const text of ["hello there", "/me waves", "/etc is a folder"]) {
      expect(await alice.message()).toEqual({ from: "bob", to: "ALL", text });
    }
    expect((await other.lines(3)).map(said)).toEqual(["bob: hello there", "* bob waves", "bob: /etc is a folder"]);
    alice.broadcast("hi bob");
    expect(said(await nc.line())).toBe("alice: hi bob");
  });

  test("PD-3 the words: who is here, to one person, help, leaving; another slash is not sent", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const nc = await enter(server, "bob");
    nc.write("/who\n/shrug\n/msg alice\n/msg nobody hi\n/msg alice psst, you\n");
    expect(await nc.lines(4)).toEqual([
      "-- There is no /shrug here; /help lists the commands. It was not sent.",
      "-- Usage: /msg NAME TEXT",
      "-- Here: alice, bob",
      "-- Nobody by that name is here; /who lists who is.",
    ]);
    expect(await alice.message()).toEqual({ from: "bob", to: null, text: "psst, you" });
    alice.direct("bob", "heard");
    expect(said(await nc.line())).toBe("(to you) alice: heard");
    nc.write("/help\n");
    expect((await nc.lines(7)).join("\n")).toContain("/msg NAME TEXT");
    nc.write("/quit\n");
    expect(await nc.closed()).toEqual([]);
    while ((await namesOf(alice)).includes("bob"));
  });

  test("PD-4 others' words can't steer a terminal, nor look like another's line or the server's", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const nc = await enter(server, "bob");
    alice.broadcast("\u001b[2J one\r\n-- You are banned\n12:34 carol: \u202eforged");
    const lines = await nc.lines(3);
    expect([said(lines[0] ?? ""), ...lines.slice(1)]).toEqual([
      "alice: ␛[2J one",
      "    -- You are banned",
      "    12:34 carol: <U+202E>forged",
    ]);
  });

  test("PD-6 the last lines of the open room come first, marked; nothing of them is direct, and none is older", async () => {
    await using server = await startTestServer({ config: { scrollback: 2 } });
    const alice = await server.join("alice");
    for (const text of ["one", "two", "three"]) {
      alice.broadcast(text);
      await alice.line();
    }
    alice.direct("alice", "secret");
    await alice.message();
    const nc = await server.connect();
    nc.write("\nbob\n");
    const lines = await nc.lines(8);
    expect(lines[4]).toBe("-- The last 2 lines before you came:");
    expect(lines.slice(5, 7).map(said)).toEqual(["alice: two", "alice: three"]);
    expect(lines[7]).toBe(welcome("bob"));
  });

  test("PD-6 none are kept with --scrollback 0", async () => {
    await using server = await startTestServer({ config: { scrollback: 0 } });
    const alice = await server.join("alice");
    alice.broadcast("one");
    await alice.line();
    const nc = await server.connect();
    nc.write("\nbob\n");
    expect((await nc.lines(5)).at(-1)).toBe(welcome("bob"));
  });

  test("PD-5 telnet's commands are answered with no, and are no text", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const telnet = (await server.connect()).socket;
    telnet.removeAllListeners("data");
    let text = "";
    const told = Promise.withResolvers<void>();
    telnet.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      if (/You are bob.*\r\n/.test(text)) told.resolve();
    });
    telnet.write(Buffer.from("\xff\xfb\x18\xff\xfd\x01\r\nbob\r\n", "latin1"));
    await told.promise;
    expect(text).toContain("\xff\xfe\x18\xff\xfc\x01");
    telnet.write(Buffer.from("he\xff\xfa\x1f\0\x50\0\n\xff\xf0llo\r\n", "latin1"));
    expect(await alice.message()).toMatchObject({ from: "bob", text: "hello" });
  });
});

describe("the rules that hold for everybody", () => {
  test("PD-8 a kick and a ban reach the plain door", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    const bob = await scene.dial("bob-laptop");
    bob.write("\n\n");
    await bob.lines(5);
    expect(await alice.ask("KICK bob")).toBe("SUCCESS Kicked client bob");
    expect(await bob.closed()).toEqual(["-- An operator has sent you away. You may come back."]);
    expect(await alice.ask("BAN bob")).toBe("SUCCESS Banned client bob");
    const again = await scene.dial("bob-phone");
    again.write("\n");
    expect((await again.closed()).at(-1)).toBe("-- You are banned here. Goodbye.");
  });

  test("PD-8 the flood limit, and lines that are too long", async () => {
    await using server = await startTestServer({ config: { messageRate: 1 } });
    const nc = await enter(server, "bob");
    nc.write("x\n".repeat(11));
    expect(await nc.line()).toBe("-- Too many messages at once. Wait a moment; this one was not sent.");
    nc.write("x".repeat(16_385));
    expect(await nc.closed()).toEqual(["-- That line is too long: 16384 bytes at most. Goodbye."]);
  });

  test("PD-8 a script that says its lines and half-closes is heard to its end", async () => {
    await using server = await startTestServer();
    const alice = await server.join("alice");
    const script = await server.connect();
    script.socket.end("\nbackup\nall is well\n/who\n");
    expect(await alice.message()).toEqual({ from: "backup", to: "ALL", text: "all is well" });
    expect((await script.closed()).slice(-2)).toEqual(["-- Here: alice, backup", "-- Goodbye."]);
  });
});
