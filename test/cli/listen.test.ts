import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { LAUNCHER, scratchFolder, startPadserve, startProgram, type Program } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";

test("CM-16 a lost connection is told, and mended by itself", async () => {
  const before = await startTestServer();
  const listen = await startListening(before.port, ["--count", "1"]);
  await before.stop();
  await listen.complains("closed the connection. Trying again until it comes back.\n");
  await using after = await startTestServer({ config: { port: before.port } });
  await listen.complains("pad listen: Listening again.\n");
  const bob = await after.join("bob");
  await broadcast(bob, "back?");
  expect(await listen.exited).toMatchObject({ code: 0, stdout: "bob\tALL\tback?\n" });
});

test("CM-16 a signal is passed on to the command, which is awaited; what waits is told of", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  // Node, since a shell may miss a signal that comes just before it waits.
  const script = `process.on("SIGTERM", () => { console.log("ended"); process.exit(3); });
    setInterval(() => {}, 1 << 30);
    console.log("started");`;
  const listen = await startListening(server.port, ["--queue", "1", "--", process.execPath, "-e", script]);
  await broadcast(bob, "one");
  expect(await listen.line()).toBe("started");
  await broadcast(bob, "two");
  await broadcast(bob, "three");
  // So it has heard them all.
  await listen.complains("1 waiting is the limit");
  listen.kill("SIGTERM");
  const { code, stdout, stderr } = await listen.exited;
  expect(stdout).toBe("started\nended\n");
  expect(stderr).toContain("pad listen: 1 message was not handled any more.\n");
  expect(stderr).toContain(`pad listen: ${process.execPath} exited with 3.\n`);
  expect(code).toBe(0);
});

test("CM-16 after a signal no command is started any more, however soon the one at work ends", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const listen = await startListening(server.port, ["--queue", "2", "--", "sleep", "600"]);
  for (const text of ["at work", "waiting", "waiting", "too much"]) await broadcast(bob, text);
  await listen.complains("2 waiting is the limit");
  listen.kill("SIGTERM");
  const { code, stderr } = await listen.exited;
  expect(code).toBe(0);
  expect(stderr).toContain("pad listen: 2 messages were not handled any more.\n");
  expect(stderr.match(/sleep was ended by SIGTERM/g)).toHaveLength(1);
});

test("CM-16 a reader that has gone ends it quietly", async () => {
  await using server = await startTestServer({ config: { messageRate: 0 } });
  const bob = await server.join("bob");
  const pad = `'${process.execPath}' '${LAUNCHER}' listen --as nas --server 127.0.0.1:${server.port}`;
  const pipe = startProgram(["bash", "--norc", "-c", `${pad} | head -n 1; echo "exit code \${PIPESTATUS[0]}"`]);
  await pipe.complains("Listening on");
  // It learns that nobody reads any more when it writes.
  const over = pipe.exited.then(() => "over");
  while ((await Promise.race([over, broadcast(bob, "hello")])) !== "over");
  const { stdout, stderr } = await pipe.exited;
  expect(stdout).toBe("bob\tALL\thello\nexit code 0\n");
  expect(stderr).toBe(`pad listen: Listening on 127.0.0.1:${server.port} as nas.\n`);
});

test("CM-16 a reader that reads no more does not keep it from ending by a signal", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const fifo = join(scratchFolder(), "fifo");
  execFileSync("mkfifo", [fifo]);
  startProgram(["sh", "-c", `exec sleep 600 < '${fifo}'`]);
  const pad = `exec '${process.execPath}' '${LAUNCHER}' listen --as nas --queue 1 --server 127.0.0.1:${server.port}`;
  const listen = startProgram(["sh", "-c", `${pad} > '${fifo}'`]);
  await listen.complains("Listening on");
  // More than pipe and queue take.
  for (let sent = 0; sent < 8; sent += 1) await broadcast(bob, "x".repeat(30_000));
  await listen.complains("1 waiting is the limit");
  listen.kill("SIGTERM");
  expect(await listen.exited).toMatchObject({ code: 0 });
});

test("CM-14 what comes while too many wait is dropped, and it is said how many", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const gate = join(scratchFolder(), "gate");
  execFileSync("mkfifo", [gate]);
  const script = `read -r text; echo "$text"; read -r _ < '${gate}'`;
  const listen = await startListening(server.port, ["--queue", "1", "--count", "3", "--", "sh", "-c", script]);
  await broadcast(bob, "at work");
  expect(await listen.line()).toBe("at work");
  for (const text of ["waiting", "too much"]) await broadcast(bob, text);
  await listen.complains("pad listen: 1 waiting is the limit; what comes now is dropped.\n");
  await writeFile(gate, "\n");
  expect(await listen.line()).toBe("waiting");
  await broadcast(bob, "in time");
  await listen.complains("pad listen: 1 message was dropped.\n");
  await writeFile(gate, "\n");
  expect(await listen.line()).toBe("in time");
  await writeFile(gate, "\n");
  expect(await listen.exited).toMatchObject({ code: 0 });
});

test("CM-15 a command that doesn't read its input is no trouble", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const listen = await startListening(server.port, ["--count", "2", "--", "sh", "-c", "exec <&-; echo ran"]);
  await broadcast(bob, "x".repeat(30_000));
  await broadcast(bob, "y");
  const { code, stdout, stderr } = await listen.exited;
  expect({ code, stdout }).toEqual({ code: 0, stdout: "ran\nran\n" });
  expect(stderr).not.toContain("sh");
});

test("CM-15 a command that can't be started ends it as wrong use, and what waits is told of", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const file = join(scratchFolder(), "command");
  await writeFile(file, "#!/bin/sh\n", { mode: 0o755 });
  const listen = await startListening(server.port, ["--", file]);
  // Replaced while it listens.
  await writeFile(file, "#!/nonexistent/interpreter\n");
  await broadcast(bob, "run");
  const { code, stderr } = await listen.exited;
  expect(stderr).toContain(`pad listen: ${file} could not be started (ENOENT).\n`);
  expect(code).toBe(1);
});

test("CM-13 a command gets a large text whole, and runs one at a time", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const listen = await startListening(server.port, ["--count", "3", "--", "sh", "-c", "echo begin; wc -c; echo end"]);
  for (const size of [30_000, 2, 1]) await broadcast(bob, "x".repeat(size));
  const { stdout } = await listen.exited;
  // The text, and a line end.
  expect(stdout.replaceAll(" ", "")).toBe("begin\n30001\nend\nbegin\n3\nend\nbegin\n2\nend\n");
});

test("CM-13 a command can answer through the same server", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const answer = `read -r text; '${process.execPath}' '${LAUNCHER}' send --as nas-bot -- "$PAD_FROM" "$text yourself"`;
  const listen = await startListening(server.port, ["--count", "1", "--", "sh", "-c", answer]);
  bob.direct("nas", "hello");
  expect(await bob.message()).toMatchObject({ from: "nas-bot", text: "hello yourself" });
  expect(await listen.exited).toMatchObject({ code: 0 });
});

/** `pad listen` as `nas`, once it listens. */
async function startListening(port: number, args: readonly string[]): Promise<Program> {
  const listen = startPadserve(["listen", "--as", "nas", "--server", `127.0.0.1:${port}`, ...args]);
  await listen.complains("Listening on");
  return listen;
}

async function broadcast(peer: ClassicPeer, text: string): Promise<void> {
  peer.broadcast(text);
  expect(await peer.line()).toBe("BROADCAST SENT");
}

test("CM-23 behind npm run it ends when npm is killed", async () => {
  await using server = await startTestServer();
  const words = ["listen", "--as", "nas", "--server", `127.0.0.1:${server.port}`];
  const npm = startProgram(["npm", "run", "-s", "pad", "--", ...words]);
  await npm.complains("Listening on");
  npm.kill("SIGKILL");
  // Its output stays open for as long as anything of it runs.
  expect(await npm.exited).toMatchObject({ signal: "SIGKILL" });
});

test("CM-15 a handler whose interpreter is missing is told of at once, before anything is listened to", async () => {
  const script = join(scratchFolder(), "answer");
  await writeFile(script, "#!/nonexistent/python3\n", { mode: 0o755 });
  const listen = startPadserve(["listen", "--server", "127.0.0.1:1", "--", script]);
  expect(await listen.exited).toMatchObject({
    code: 1,
    stderr: `pad listen: ${script} can't be run: its first line asks for /nonexistent/python3, which is not there.\n`,
  });
});
