import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder, startPadserve } from "../helpers/program.ts";

const root = join(import.meta.dirname, "../..");
const noSystemd = spawnSync("systemd-analyze", ["--version"]).status !== 0;

describe("the systemd unit", () => {
  test.skipIf(noSystemd)("DR-19 systemd finds no fault with it", () => {
    const { status, stdout, stderr } = analyze("verify", "--man=no");
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  });

  test.skipIf(noSystemd)("DR-19 systemd calls what it may do little", () => {
    // On systemd's scale from 0 to 100; a service without any of it has 96.
    expect(analyze("security", "--offline=true", "--threshold=20", "--no-pager")).toMatchObject({ status: 0 });
  });

  test("DR-19 its command and environment start a server, which stops when asked as systemd asks", async () => {
    const state = scratchFolder();
    const [program, ...words] = setting("ExecStart").split(" ");
    expect(program).toBe("padserve");
    const variables = setting("Environment")
      .replaceAll("%S", state)
      .split(" ")
      .map((pair) => pair.split("=", 2));
    const env = {
      ...Object.fromEntries(variables),
      PADSERVE_PORT: "0",
      PADSERVE_TAILSCALE_SOCKET: join(state, "none.sock"),
    };
    const server = startPadserve(words, { env });
    expect(await server.line()).toContain("Listening for this machine only");
    server.kill("SIGTERM");
    expect(await server.exited).toMatchObject({ code: 0 });
    expect(env).toHaveProperty("PADSERVE_DATA", join(state, setting("StateDirectory")));
  });
});

describe("the agent's unit", () => {
  const file = "padserve-agent.service";

  test.skipIf(noSystemd)("DR-19 systemd finds no fault with it", () => {
    const verified = analyze("verify", "--user", "--man=no", { file });
    expect({ status: verified.status, said: verified.stdout + verified.stderr }).toEqual({ status: 0, said: "" });
  });

  test("DR-19 its command runs an agent that stays, which stops when asked as systemd asks", async () => {
    const [program, ...words] = setting("ExecStart", file).split(" ");
    expect(program).toBe("pad");
    const agent = startPadserve(words);
    await agent.complains(/listens on/);
    agent.kill("SIGTERM");
    expect(await agent.exited).toMatchObject({ code: 0 });
  });
});

describe("the shared agent's unit", () => {
  const file = "padserve-system-agent.service";

  test.skipIf(noSystemd)("DR-19 systemd finds no fault with it, and calls what it may do little", () => {
    const verified = analyze("verify", "--man=no", { file });
    expect({ status: verified.status, said: verified.stdout + verified.stderr }).toEqual({ status: 0, said: "" });
    expect(analyze("security", "--offline=true", "--threshold=25", "--no-pager", { file })).toMatchObject({
      status: 0,
    });
  });

  test("DR-19 its command and environment share a socket with the folder's group, and stop when asked as systemd asks", async () => {
    const [runtime, state] = [join(scratchFolder(), "run"), scratchFolder()];
    const shared = join(runtime, setting("RuntimeDirectory", file));
    mkdirSync(shared, { recursive: true });
    chmodSync(shared, Number.parseInt(setting("RuntimeDirectoryMode", file), 8));
    const variables = setting("Environment", file).replaceAll("%t", runtime).replaceAll("%S", state).split(" ");
    const env = Object.fromEntries(variables.map((pair) => pair.split("=", 2)));
    const [program, ...words] = setting("ExecStart", file).split(" ");
    expect(program).toBe("pad");
    const agent = startPadserve(words, { env });
    await agent.complains(/shares .*agent\.sock/);
    expect(statSync(join(shared, "agent.sock")).mode & 0o777).toBe(0o660);
    agent.kill("SIGTERM");
    expect(await agent.exited).toMatchObject({ code: 0 });
    expect(env).toHaveProperty("XDG_STATE_HOME", join(state, setting("StateDirectory", file)));
  });
});

/** A copy that starts this checkout, since the package may not be installed here. */
function analyze(verb: string, ...options: readonly (string | { readonly file: string })[]) {
  const words = options.filter((option) => typeof option === "string");
  const name = options.find((option) => typeof option === "object")?.file ?? "padserve.service";
  const folder = scratchFolder();
  const file = join(folder, name);
  const launcher = `ExecStart=${join(root, "bin/launch.cjs")} `;
  writeFileSync(file, unitOf(name).replace(/^ExecStart=(?:padserve|pad) /m, launcher));
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  return spawnSync("systemd-analyze", [verb, ...words, file], { encoding: "utf8", env });
}

function setting(name: string, file = "padserve.service"): string {
  return new RegExp(`^${name}=(.*)$`, "m").exec(unitOf(file))?.[1] ?? "";
}

function unitOf(file: string): string {
  return readFileSync(join(root, "packaging", file), "utf8");
}
