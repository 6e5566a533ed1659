import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { HAS_TMUX, startTerminal, type TestTerminal } from "../helpers/terminal.ts";

const LAUNCHER = join(import.meta.dirname, "../../bin/launch.cjs");

describe.skipIf(!HAS_TMUX)("pad chat on a terminal, with a real server (needs tmux)", () => {
  test.each([
    [40, 10],
    [80, 24],
    [200, 60],
  ])("TU-15 two people talk, to all and to each other alone, at %ix%i", async (columns, rows) => {
    const server = await startServer();
    const bob = await server.join("bob");
    const terminal = await startChat(server.port, { columns, rows });
    await terminal.type("Dinner at seven? 🍝\r");
    expect(await bob.message()).toEqual({ from: "alice", to: "ALL", text: "Dinner at seven? 🍝" });
    // Its mark is gone as soon as the server has taken it.
    await terminal.until(/alice: Dinner at seven\? 🍝 *(\||$)/m);
    bob.broadcast("Make it eight, alice");
    bob.direct("alice", "I have the present");
    expect(await bob.line()).toBe("BROADCAST SENT");
    await terminal.until(/2 🔓 bob +1!/);
    await terminal.until("bob: Make it eight, alice");
    await terminal.press("M-a");
    await terminal.until("bob: I have the present");
    await terminal.type("Great\r");
    expect(await bob.message()).toEqual({ from: "alice", to: null, text: "Great" });
    await terminal.until(
      ({ text, rows: drawn }) => text.includes("alice: Great") && drawn.at(-1)?.startsWith("🔓 bob") === true,
    );
  });

  test("TU-15 a server that goes away is waited for, with what is written kept", async () => {
    const first = await startServer();
    const terminal = await startChat(first.port);
    await terminal.type("half a thought");
    await terminal.until("half a thought");
    await first.stop();
    // How it was lost comes first, before who can read.
    const { rows } = await terminal.until(({ rows: drawn }) => drawn.at(-2)?.includes("not connected") === true);
    expect(rows.at(-1)?.endsWith("half a thought")).toBe(true);
    const second = await startServer(first.port);
    await terminal.until(({ rows: drawn }) => drawn.at(-2)?.includes("read by") === true);
    const bob = await second.join("bob");
    await terminal.press("Enter");
    expect(await bob.message()).toMatchObject({ text: "half a thought" });
  });

  test("TU-15 who is kicked is told so on the screen that was there before", async () => {
    const server = await startServer();
    // The first to come is the operator.
    const bob = await server.join("bob");
    const terminal = await startChat(server.port);
    bob.say("KICK alice");
    const { text } = await terminal.until("exit code 4");
    expect(text).toMatch(/kicked/);
    expect(await terminal.state("#{alternate_on}")).toBe("0");
  });

  test("TU-15 what was written in an earlier run comes back with Up", async () => {
    const server = await startServer();
    const home = scratchFolder();
    const earlier = await startChat(server.port, { home });
    await earlier.type("said before\r");
    await earlier.until(/alice: said before *(\||$)/m);
    await earlier.press("C-d");
    await earlier.until("exit code 0");
    const later = await startChat(server.port, { home });
    await later.press("Up");
    await later.until(({ rows }) => rows.at(-1)?.endsWith("said before") === true);
  });
});

async function startServer(port = 0): Promise<TestServer> {
  const server = await startTestServer({ store: createMemoryStore(), config: { port } });
  onTestFinished(() => server.stop());
  return server;
}

interface ChatStart {
  readonly columns?: number;
  readonly rows?: number;
  readonly home?: string;
}

/** `pad chat alice`, online and ready for keys. */
async function startChat(
  port: number,
  { columns = 80, rows = 24, home = scratchFolder() }: ChatStart = {},
): Promise<TestTerminal> {
  const terminal = await startTerminal({
    columns,
    rows,
    // What is said in the end stays to be read.
    command: `${process.execPath} ${LAUNCHER} chat alice 127.0.0.1:${port}; echo "exit code $?"; exec cat`,
    env: { HOME: home },
  });
  await terminal.until(
    ({ rows: drawn }) => drawn.at(-1)?.endsWith(">") === true && drawn.at(-2)?.includes("read by") === true,
  );
  return terminal;
}
