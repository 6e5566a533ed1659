/**
 * Makes the pictures of docs/pictures from a real server and real terminals: `npm run pictures`. It needs Linux, tmux, and the right to
 * make a mount namespace (`unshare`), in which the machine `chat` is this one. Edit the scenes below when what one sees has changed.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { draw, type Window } from "./draw.ts";

const ROOT = join(import.meta.dirname, "../..");
const LAUNCHER = join(ROOT, "bin/launch.cjs");
/** Every server's port, so that the pictures show names alone. */
const PORT = 12345;
const TIMEOUT = 15_000;

const scratch = mkdtempSync(join(tmpdir(), "padserve-pictures-"));
const hosts = join(scratch, "hosts");
writeFileSync(hosts, "127.0.0.1 localhost chat\n::1 localhost\n");
const servers: ChildProcess[] = [];
const socket = `padserve-${randomUUID()}`;

/** One evening: a room, its server going and coming, a phone, a newcomer. */
async function busyRoom(): Promise<void> {
  let stopServer = await startServer();
  const alice = await open("alice", "chat alice chat", 100, 22);
  await alice.until("/help");
  const bob = await open("bob", "chat bob chat", 84, 22);
  const carol = await open("carol", "chat carol chat", 40, 12);
  for (const one of [bob, carol]) await one.until("/help");
  await alice.until("carol came in");
  // Who came after them is new to each, until they have looked.
  for (const one of [alice, bob, carol]) {
    await one.says("/accept", "Nothing waits");
    await one.says("/clear", /#everyone/);
  }
  await bob.says("good morning! does anybody know why the backup is red?");
  await carol.says("/me looks at the NAS", "* carol looks");
  await carol.says(
    "disk 3 is gone: https://wiki.example.com/nas/replacing-a-disk-without-losing-the-others?disk=3",
    "disk=3",
  );
  await alice.says("thank you carol 👍 I have a spare one here");
  await bob.says("alice: bring it along? I am there at 9, 在车站旁边");
  await alice.says("/me is on her way", "* alice is on");
  await run(`send ALL "backup: 2 of 3 disks, degraded" --server chat --as nas`);
  await alice.until(/2 🔓 ALL +1/);
  await carol.says("/msg alice have you got the screws, too?", "To alice");
  await alice.until(/3 🔒 carol +1!/);
  await alice.type("see you all at n");
  await alice.until("at n");
  save("busy-room", [await alice.window("alice, on her laptop")]);
  save("narrow", [await carol.window("carol, on her phone")]);

  await stopServer();
  await alice.type("ine");
  await alice.until("Nobody listens");
  save("lost-connection", [await alice.window("the server is gone")]);
  stopServer = await startServer();
  await alice.until("Connected again");
  await alice.type("\r");
  await alice.resize(140, 26);
  await alice.says("/search disk", "found: disk");
  save("wide", [await alice.window("alice, at her big screen")]);
  await stopServer();
}

/** The server listens on this machine, too, and would be found by itself: it is started when the question stands there. */
async function firstRun(): Promise<void> {
  const dave = await open("dave", "chat", 100, 10);
  await dave.until("Which server?");
  const stopServer = await startServer();
  const others = await Promise.all(["alice", "bob", "carol"].map((name) => open(name, `chat ${name} chat`, 84, 22)));
  for (const other of others) await other.until("/help");
  await dave.type("chat");
  await dave.until("tailnet: chat");
  const asked = await dave.window("the first time");
  await dave.type("\r");
  await dave.until(/read by .*dave/);
  save("first-run", [{ ...asked, text: `$ pad chat\n${asked.text}` }, await dave.window("dave, on his laptop")]);
  await stopServer();
}

/** Gives what stops it. */
async function startServer(): Promise<() => Promise<void>> {
  const data = join(scratch, "data");
  const words = [LAUNCHER, "serve", "--port", String(PORT), "--data", data, "--message-rate", "0", "--alias", "chat"];
  const started = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"], env: environment("server") });
  servers.push(started);
  const exited = new Promise<void>((resolve) => void started.once("exit", () => resolve()));
  const failed = exited.then(() => Promise.reject(new Error(`is something else on port ${PORT}?`)));
  failed.catch(() => {});
  await Promise.race([new Promise((resolve) => started.stdout.once("data", resolve)), failed]);
  return async () => {
    started.kill("SIGINT");
    await exited;
  };
}

/** A person before a terminal of this size, with a home of their own. */
async function open(name: string, words: string, columns: number, rows: number): Promise<Terminal> {
  const env = Object.entries(environment(name)).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  const size = ["-x", String(columns), "-y", String(rows)];
  const session = `${name}-${randomUUID()}`;
  await tmux("start-server", ";", "set", "-g", "remain-on-exit", "on", ";", "set", "-g", "status", "off", ";", "new-session", "-d", "-s", session, ...size, ...env, inNamespace(words)); // prettier-ignore
  return new Terminal(session);
}

class Terminal {
  readonly #session: string;

  constructor(session: string) {
    this.#session = session;
  }

  async type(text: string): Promise<void> {
    await tmux("send-keys", "-t", this.#session, "-l", text);
  }

  /** Writes a line, and waits until all that is wanted stands there. */
  async says(text: string, shown: string | RegExp = text.slice(0, 20)): Promise<void> {
    await this.type(text);
    await tmux("send-keys", "-t", this.#session, "Enter");
    await this.until(shown);
    // So that everybody has it before the next one writes.
    await delay(300);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await tmux("resize-window", "-t", this.#session, "-x", String(columns), "-y", String(rows));
    await delay(500);
  }

  async until(wanted: string | RegExp): Promise<void> {
    const giveUp = performance.now() + TIMEOUT;
    for (;;) {
      const text = await tmux("capture-pane", "-t", this.#session, "-p");
      if (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)) return;
      if (performance.now() > giveUp) throw new Error(`The screen never showed ${String(wanted)}:\n${text}`);
      await delay(50);
    }
  }

  async window(title: string): Promise<Window> {
    return { title, text: await tmux("capture-pane", "-t", this.#session, "-e", "-p") };
  }
}

/** Each has an agent of their own, which ends soon after the last picture. */
function environment(name: string): Record<string, string> {
  const home = join(scratch, name);
  const state = join(home, ".local/state/padserve");
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, "client.json"), JSON.stringify({ id: name }), { flag: "a" });
  return { HOME: home, PATH: process.env["PATH"] ?? "", TERM: "screen-256color", LANG: "C.UTF-8", PAD_AGENT_IDLE: "5" };
}

/** A command line in which `chat` is this machine. */
function inNamespace(words: string): string {
  return `unshare -rm sh -c 'mount --bind ${hosts} /etc/hosts && exec ${process.execPath} ${LAUNCHER} ${words}'`;
}

async function run(words: string): Promise<void> {
  await promisify(execFile)("sh", ["-c", inNamespace(words)], { env: environment("nas") });
}

async function tmux(...words: readonly string[]): Promise<string> {
  return (await promisify(execFile)("tmux", ["-u", "-L", socket, "-f", "/dev/null", ...words])).stdout;
}

function save(name: string, windows: readonly Window[]): void {
  writeFileSync(join(ROOT, "docs/pictures", `${name}.svg`), `${draw(windows)}\n`);
  process.stdout.write(`docs/pictures/${name}.svg\n`);
}

try {
  await busyRoom();
  await firstRun();
} finally {
  for (const server of servers) server.kill("SIGKILL");
  await tmux("kill-server").catch(() => {});
  rmSync(scratch, { recursive: true, force: true });
}
