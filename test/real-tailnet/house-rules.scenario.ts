import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { scratchFolder } from "../helpers/program.ts";
import { test } from "./scene.ts";
import { toolPath } from "./tools.ts";

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  test(`RT-21 nothing is left of a run that was ended by ${signal}`, async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "start-and-wait.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [prefix]: string[] = await once(createInterface(child.stdout), "line");
    const traces = () => globSync([`/run/netns/${prefix}-*`, `/etc/netns/${prefix}-*`, join(tmpdir(), prefix ?? "")]);
    expect(traces()).toHaveLength(3 + 1 + 1);
    const pids = processesOf(prefix ?? "");
    expect(pids).toHaveLength(2);
    child.kill(signal);
    // The undertaker has this pipe, too: it ends when both of them have.
    await once(child.stdout, "close");
    expect(traces()).toEqual([]);
    expect(processesOf(prefix ?? "")).toEqual([]);
  });
}

test("RT-22 the machine's own DNS, routes and state stay as they were", async ({ tailnet }) => {
  const before = hostState();
  const node = await tailnet.join("node", { user: "somebody" });
  await node.tailscale("down");
  expect(hostState()).toEqual(before);
});

test("RT-22 no machine of the tailnet has a way out", async ({ tailnet, chat, pod }) => {
  for (const { host } of [chat, pod]) {
    const routes = spawnSync("ip", ["-n", host.namespace, "route", "show", "table", "all"], {
      encoding: "utf8",
    }).stdout;
    expect(routes).toContain("10.77.0.0/24");
    expect(routes).not.toContain("default");
  }
  expect(tailnet.control.url).toMatch(/^http:\/\/10\.77\.0\.\d+:8080$/);
});

test("RT-23 where a real tailnet can't be had, one line says what is missing, and the exit code is 77", () => {
  const somebody = runAs(["setpriv", "--reuid=65534", "--clear-groups"], process.env);
  expect(somebody).toMatchObject({
    status: 77,
    stdout: "",
    stderr: "No real tailnet on this machine: it needs root, to make network namespaces.\n",
  });
  const programs = scratchFolder();
  for (const name of ["env", "ip"]) symlinkSync(whereIs(name), join(programs, name));
  const withoutGo = runAs(["env"], { PATH: programs, XDG_CACHE_HOME: scratchFolder() });
  expect(withoutGo).toMatchObject({
    status: 77,
    stderr:
      "No real tailnet on this machine: it needs Go 1.26.6 or later, to build tailscaled and headscale; there is no Go here.\n",
  });
});

/** What of this machine's own network must not change. */
function hostState(): readonly unknown[] {
  return [
    readFileSync("/etc/resolv.conf", "utf8"),
    spawnSync("ip", ["route", "show", "table", "all"], { encoding: "utf8" }).stdout,
    spawnSync("ip", ["rule"], { encoding: "utf8" }).stdout,
    existsSync("/var/lib/tailscale"),
  ];
}

/** `npm run test:tailnet`, behind other words. */
function runAs(words: readonly string[], env: NodeJS.ProcessEnv) {
  const [file, ...args] = [...words, process.execPath, join(import.meta.dirname, "run.ts")];
  return spawnSync(file, args, { env, encoding: "utf8" });
}

function whereIs(program: string): string {
  return spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();
}

function processesOf(prefix: string): readonly string[] {
  const programs = [toolPath("headscale", "headscale"), toolPath("tailscale", "tailscaled")];
  return globSync("/proc/[0-9]*/cmdline").filter((file) => {
    const words = existsSync(file) ? readFileSync(file, "utf8") : "";
    return words.includes(`/${prefix}/`) && programs.some((program) => words.startsWith(program));
  });
}
