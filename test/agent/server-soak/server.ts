import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openAdminClient } from "../../../src/admin/client.ts";
import { restoreDatabase } from "../../../src/store/sqlite/restore.ts";
import { LAUNCHER } from "../../helpers/program.ts";

/** The real server as a program of its own, which can be killed at any moment and comes back on the same port and folder. */
export interface KillableServer {
  readonly port: number;
  /** `kill -9`, then a new start. */
  killAndStart(): Promise<void>;
  backUp(): Promise<void>;
  /** As its administrator: whoever asks for that name next has it. False: nobody has it. */
  release(name: string): Promise<boolean>;
  /** Kills it, brings the last backup back, starts it. False: there is none. */
  restore(): Promise<boolean>;
  end(): Promise<void>;
}

export async function killableServer(): Promise<KillableServer> {
  const folder = mkdtempSync(join(tmpdir(), "padserve-soak-"));
  const data = join(folder, "data");
  let child: ChildProcess | null = null;
  let port = 0;
  let backups = 0;
  await start();
  return {
    get port() {
      return port;
    },
    async killAndStart() {
      await kill();
      await start();
    },
    async backUp() {
      const backup = join(folder, String(backups + 1));
      mkdirSync(backup);
      const client = await openAdminClient(data);
      await client?.backUp(join(backup, "padserve.db"));
      await client?.close();
      backups += 1;
    },
    async release(name) {
      const client = await openAdminClient(data);
      const released = await client?.release(name);
      await client?.close();
      return released?.kind === "released";
    },
    async restore() {
      if (backups === 0) return false;
      await kill();
      const incarnation = randomBytes(16).toString("base64url");
      const from = join(folder, String(backups));
      const { kind } = restoreDatabase({ from, into: data, replace: true, incarnation, now: Date.now() });
      if (kind !== "restored") throw new Error(`the backup was ${kind}`);
      await start();
      return true;
    },
    async end() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  async function start(): Promise<void> {
    const words = ["serve", "--port", String(port), "--data", data, "--tailscale-socket", join(folder, "none.sock")];
    const env = { PATH: process.env["PATH"], HOME: folder };
    const started = spawn(process.execPath, [LAUNCHER, ...words, "--log-level", "error", "--message-rate", "0"], {
      env,
    });
    child = started;
    let said = "";
    started.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    for await (const line of createInterface(started.stdout)) {
      const [, found] = /127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (found === undefined) continue;
      port = Number(found);
      // Nobody reads it any more; it must not fill up.
      started.stdout.resume();
      return;
    }
    throw new Error(`the server did not start: ${said}`);
  }

  async function kill(): Promise<void> {
    const killed = child;
    child = null;
    if (killed === null || killed.exitCode !== null || killed.signalCode !== null) return;
    killed.kill("SIGKILL");
    await once(killed, "exit");
  }
}
