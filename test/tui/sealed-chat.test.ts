import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { LAUNCHER, runPadserve, scratchFolder } from "../helpers/program.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { HAS_TMUX, startTerminal, type TestTerminal } from "../helpers/terminal.ts";

describe.skipIf(!HAS_TMUX)("pad chat with a real server and real agents (needs tmux)", () => {
  test("TU-20 two people talk sealed, in #everyone and to each other; two windows are one chat", async () => {
    const server = await startServer();
    const [alice, bob] = [somebody("alice", server), somebody("bob", server)];
    const atAlice = await alice.chat();
    await atAlice.until(/🔒 #everyone \(.*whoever joins\)>/);
    await atAlice.until("No tailnet vouches for names here: alice is the key");
    await atAlice.until(/2 🔓 ALL/);
    const atBob = await bob.chat();
    await atBob.until(/🔒 #everyone \(alice, whoever joins\)>/);
    await atBob.type("good morning\r");
    await atAlice.until("bob: good morning");
    // Both devices are there: each has it.
    await atBob.until("bob: good morning ✓✓");
    await atAlice.until(/🔒 #everyone \(bob, whoever joins\)>/);
    await atAlice.type("/to bob\r");
    await atAlice.until(/🔒 bob \(bob\)>/);
    await atAlice.type("psst\r");
    await atBob.until(/3 🔒 alice +1!/);
    // Another window of alice's, in lines.
    const window = await alice.chat("--plain");
    await window.until("#everyone (sealed: bob, whoever joins)>");
    await window.until("bob (#everyone): good morning");
    // Alice has not looked at bob yet, who came after her.
    await window.type("from the other window\r");
    await window.until(/new here, and would read it: bob[^]*\/accept/);
    await window.type("/accept\r");
    await atAlice.press("M-1");
    await atAlice.until("alice: from the other window ✓✓");
    await atBob.until("alice: from the other window");
  });

  test("TU-20 who is away finds what was said, and what is written while the server is away goes out when it is back", async () => {
    const data = scratchFolder();
    const server = await startServer(data);
    const [alice, bob] = [somebody("alice", server), somebody("bob", server)];
    await bob.pad("rooms", "join", "#everyone");
    const atAlice = await alice.chat();
    await atAlice.until(/🔒 #everyone \(bob, whoever joins\)>/);
    await bob.pad("agent", "stop");
    await atAlice.type("while you were away\r");
    await atAlice.until(/while you were away ✓ *(\||$)/m);
    await server.stop();
    await atAlice.until("not connected");
    await atAlice.type("into the dark\r");
    await atAlice.until("into the dark (waits for the server)");
    await startServer(data, server.port);
    // The agent asks again by itself.
    await atAlice.until(/into the dark ✓/);
    const atBob = await bob.chat();
    await atBob.until(({ text }) => /while you were away[^]*into the dark/.test(text));
    await atAlice.until(/into the dark ✓✓/);
    expect((await atBob.screen()).text.split("into the dark")).toHaveLength(2);
  });
});

async function startServer(data: string = scratchFolder(), port = 0): Promise<TestServer> {
  const server = await startTestServer({ store: await openSqliteStore(data), config: { port } });
  onTestFinished(() => server.stop());
  return server;
}

interface Somebody {
  chat(...options: readonly string[]): Promise<TestTerminal>;
  pad(...words: readonly string[]): Promise<void>;
}

/** Somebody with a home, and an agent of their own, which ends with the test. */
function somebody(name: string, { port }: TestServer): Somebody {
  const server = `127.0.0.1:${port}`;
  const env = { HOME: scratchFolder(), PAD_CLASSIC: "", PAD_AGENT_IDLE: "30", PAD_SERVER: server, PAD_AS: name };
  const pad = async (...words: readonly string[]): Promise<void> => void (await runPadserve(words, { env }));
  onTestFinished(() => pad("agent", "stop"));
  return {
    pad,
    chat: (...options) =>
      startTerminal({
        columns: 100,
        rows: 24,
        command: [process.execPath, LAUNCHER, "chat", name, server, ...options].join(" "),
        env,
      }),
  };
}
