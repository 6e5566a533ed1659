import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LAUNCHER, scratchFolder } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";
import { HAS_TMUX, startTerminal } from "../helpers/terminal.ts";

describe.skipIf(!HAS_TMUX)("pad chat in lines, on a terminal (needs tmux)", () => {
  test("CM-20 the server and the name of the last chat are remembered, for this user alone", async () => {
    await using server = await startTestServer();
    const bob = await server.join("bob");
    const home = scratchFolder();
    for (const words of [`alice 127.0.0.1:${server.port} --plain`, "--plain"]) {
      const terminal = await startTerminal({
        columns: 80,
        rows: 24,
        command: `${process.execPath} ${LAUNCHER} chat ${words}; echo "exit code $?"; exec cat`,
        env: { HOME: home },
      });
      await terminal.until(">");
      await terminal.type("hello\r");
      expect(await bob.message()).toMatchObject({ from: "alice", text: "hello" });
      await terminal.type("/quit\r");
      await terminal.until(/Goodbye\.\s+exit code 0/);
    }
    const file = join(home, ".local/state/padserve/client.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      server: `127.0.0.1:${server.port}`,
      id: "alice",
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("CM-37 who names a server that isn't there is told so, and asked again", async () => {
    await using server = await startTestServer();
    const terminal = await startTerminal({
      columns: 100,
      rows: 24,
      command: `${process.execPath} ${LAUNCHER} chat --plain`,
      env: { NODE_OPTIONS: `--import=${new URL("no-own-server.mts", import.meta.url).pathname}` },
    });
    await terminal.until("Which server?");
    await terminal.type("127.0.0.1:1\r");
    await terminal.until(/Which server\?[^]*Which server\?/);
    await terminal.type(`127.0.0.1:${server.port}\r`);
    await terminal.until("ALL (the server can read this)>");
  });

  test("CM-6 what comes while a long line is typed stays to be read, and so does the line", async () => {
    await using server = await startTestServer();
    const bob = await server.join("bob");
    const terminal = await startTerminal({
      columns: 50,
      rows: 20,
      command: `${process.execPath} ${LAUNCHER} chat alice 127.0.0.1:${server.port} --plain --to bob`,
    });
    await terminal.until(">");
    await terminal.type("a long line that goes on behind the edge of the screen");
    await terminal.until("screen");
    for (const text of ["one", "two", "three"]) bob.broadcast(text);
    await terminal.until(/bob: one\n.*bob: two\n.*bob: three\nbob \(server reads/);
    await terminal.type("\r");
    for (let n = 0; n < 3; n += 1) expect(await bob.line()).toBe("BROADCAST SENT");
    expect((await bob.message()).text).toBe("a long line that goes on behind the edge of the screen");
  });

  test("CM-27 lines that are pasted go out as one message, once one says yes", async () => {
    await using server = await startTestServer();
    const bob = await server.join("bob");
    const terminal = await startTerminal({
      columns: 80,
      rows: 20,
      command: `${process.execPath} ${LAUNCHER} chat alice 127.0.0.1:${server.port} --plain`,
    });
    await terminal.until(">");
    await terminal.type("\u001b[200~one\r/quit\rthree\u001b[201~");
    await terminal.until("3 lines were pasted, and nothing was sent.");
    await terminal.type("yes\r");
    expect(await bob.message()).toMatchObject({ from: "alice", text: "one\n/quit\nthree" });
    await terminal.type("\u001b[200~one\rtwo\r\u001b[201~");
    await terminal.until("2 lines were pasted");
    await terminal.type("no\r");
    await terminal.until("What was pasted was dropped.");
    await terminal.type("after\r");
    expect(await bob.message()).toMatchObject({ text: "after" });
  });

  test("CM-25 text padded to the edge of the terminal can't pass for another's line", async () => {
    await using server = await startTestServer();
    const bob = await server.join("bob");
    const terminal = await startTerminal({
      columns: 60,
      rows: 20,
      command: `${process.execPath} ${LAUNCHER} chat alice 127.0.0.1:${server.port} --plain`,
    });
    await terminal.until(">");
    for (const padding of [" ", "x", "字", "👩‍👩‍👧‍👦", "\t"]) {
      // At any of these lengths the terminal would break the line before the time.
      for (let length = 40; length < 50; length += 1) bob.broadcast(`${padding.repeat(length)}12:34 carol: I quit`);
    }
    bob.broadcast("at last");
    const { text } = await terminal.until("at last");
    expect(text).toContain("carol: I quit");
    expect(text.split("\n").filter((row) => row.startsWith("12:34"))).toEqual([]);
  });
});
