import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { runPadserve, scratchFolder } from "../helpers/program.ts";
import { startServe } from "../helpers/serve.ts";

test("SV-44 a running server and a stopped one are backed up alike, into a new folder of 0700, and nothing is left beside", async () => {
  const { data, port, program } = await startServe();
  await register(port, "alice");
  const folder = join(scratchFolder(), "monday", "backup");
  const backed = await padserve(["backup", folder], data);
  expect(backed).toMatchObject({ code: 0, stderr: "" });
  expect(backed.stdout).toMatch(/^Backed up to .*monday\/backup: \d+ bytes, checked\. /);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "padserve.db")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["padserve.db"]);
  expect(readdirSync(data).filter((file) => file.includes("backup"))).toEqual([]);
  await register(port, "bob");
  program.kill("SIGTERM");
  await program.exited;

  const second = join(scratchFolder(), "b");
  const told: unknown = JSON.parse((await padserve(["backup", second, "--json"], data)).stdout);
  expect(told).toMatchObject({ folder: second, bytes: statSync(join(second, "padserve.db")).size });
  for (const [from, names] of [
    [folder, /^alice .*\n$/],
    [second, /^alice .*\nbob .*\n$/],
  ] as const) {
    // Not to be used as it lies there: it may be older than what clients have seen.
    expect(await padserve(["names"], from)).toMatchObject({ code: 6, stdout: "" });
    const back = scratchFolder();
    await padserve(["restore", from], back);
    expect((await padserve(["names"], back)).stdout).toMatch(names);
  }
});

test("SV-45 a backup overwrites nothing", async () => {
  const { data } = await startServe();
  const folder = scratchFolder();
  writeFileSync(join(folder, "letter.txt"), "dear");
  expect(await padserve(["backup", folder], data)).toMatchObject({
    code: 4,
    stdout: "",
    stderr: `padserve backup: ${folder} is there and not empty; nothing is overwritten, name a new folder\n`,
  });
  expect(readdirSync(folder)).toEqual(["letter.txt"]);
  const never = join(scratchFolder(), "data");
  expect(await padserve(["backup", join(folder, "x")], never)).toMatchObject({ code: 6 });
  expect(existsSync(join(folder, "x"))).toBe(false);
  expect(await padserve(["backup", "/proc/nowhere/x"], data)).toMatchObject({ code: 6 });
});

test("SV-46 a restore gives back what the backup holds, for a stopped server alone; what is newer is set aside when told so", async () => {
  const { data, port, program } = await startServe();
  await register(port, "alice");
  const folder = join(scratchFolder(), "b");
  await padserve(["backup", folder], data);
  await register(port, "bob");
  const running = await padserve(["restore", folder, "--replace"], data);
  expect(running).toMatchObject({ code: 6, stdout: "" });
  expect(running.stderr).toContain("in use by another Padserve server");
  program.kill("SIGKILL");
  await program.exited;

  const refused = await padserve(["restore", folder], data);
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(refused.stderr).toContain("is newer than the backup; nothing was changed, with --replace it is set aside");
  expect((await padserve(["names"], data)).stdout).toMatch(/bob/);

  const restored = await padserve(["restore", folder, "--replace", "--json"], data);
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  const told: unknown = JSON.parse(restored.stdout);
  expect(told).toMatchObject({ data, aside: expect.stringContaining("before-restore-") });
  expect((await padserve(["names"], data)).stdout).toMatch(/^alice .*\n$/);
  const aside = readdirSync(data).find((file) => file.startsWith("before-restore-")) ?? "";
  expect((await padserve(["names"], join(data, aside))).stdout).toMatch(/bob/);
  const again = await startServe({ data });
  await register(again.port, "carol");
});

async function register(port: number, name: string): Promise<void> {
  const peer = await ClassicPeer.connect(port);
  onTestFinished(() => void peer.socket.destroy());
  await peer.setUp(name);
}

function padserve(words: readonly string[], data: string) {
  return runPadserve([...words, "--data", data]);
}
