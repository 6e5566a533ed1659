/**
 * Tries the package as users get it: packed, installed into an empty folder with its dependencies from the registry, its
 * commands started there. Each step must say what it should, or this ends with exit code 1.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "padserve-package-"));
// The Node that runs this is new enough; the machine's own may not be.
const env = {
  ...process.env,
  // Nothing of this machine's user; an agent only where one is to be tried, which ends with its command.
  XDG_STATE_HOME: join(folder, "state"),
  PAD_CLASSIC: "1",
  PAD_AGENT_IDLE: "0",
  PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
  npm_config_loglevel: "error",
};
const installed = join(folder, "node_modules", "padserve");

try {
  run("npm", ["pack", "--pack-destination", folder], root);
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  expect(archive !== undefined, "npm pack left a package");
  run("npm", ["init", "-y"], folder);
  run("npm", ["install", `./${archive}`], folder);
  expect(!existsSync(join(installed, "src")), "the package ships no sources");
  expect(run("npx", ["padserve", "--version"], folder).startsWith("padserve "), "padserve tells its version");
  expect(run("npx", ["pad", "--help"], folder).includes("serve"), "pad tells its commands");
  expect(run("npx", ["pad", "completion", "bash"], folder).includes("listen"), "pad completes its commands");
  expect(existsSync(join(installed, "man", "pad.1")), "the package has its manual");
  expect(
    run("node", ["-e", 'import("padserve/client").then((m) => console.log(typeof m.connect))'], folder).trim() ===
      "function",
    "padserve/client can be imported",
  );
  const mls = join(installed, "dist", "mls");
  expect(existsSync(join(mls, "module", "THIRD-PARTY-LICENSES.txt")), "the package has the engine's licences");
  const observers = `import(${JSON.stringify(join(mls, "create-observers.js"))}).then((m) => console.log(typeof m.createObservers()))`;
  expect(run("node", ["-e", observers], folder).trim() === "object", "the sealing engine starts");
  await tryServer();
  console.log("the package works");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function tryServer(): Promise<void> {
  const launcher = join(folder, "node_modules", ".bin", "padserve");
  const data = join(folder, "data");
  const server = spawn(launcher, ["serve", "--port", "0", "--data", data, "--tailscale-socket", join(folder, "none")], {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(server, "exit");
  let port: string | undefined;
  for await (const line of createInterface({ input: server.stdout })) {
    port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) break;
  }
  expect(port !== undefined, "the server says where it listens");
  run("npx", ["pad", "send", "ALL", "hello", "--server", `127.0.0.1:${port}`, "--as", "trial"], folder);
  const sealed = ["PAD_CLASSIC=", "npx", "pad", "send", "#everyone", "hello", "--as", "sealed", "--json"];
  const stored = run("env", [...sealed, "--server", `127.0.0.1:${port}`], folder);
  expect(stored.includes('"sealed":true'), "an agent is started, and seals");
  await tryEchoBot(`127.0.0.1:${port}`);
  expect(
    run("npx", ["padserve", "names", "--data", data], folder).includes("trial"),
    "the running server knows the name",
  );
  server.kill("SIGTERM");
  const [code] = await ended;
  expect(code === 0, "the server ends with 0");
  expect(run("npx", ["padserve", "names", "--data", data], folder).includes("trial"), "the name was kept");
}

/** As docs/examples says it is run in a folder of one's own. */
async function tryEchoBot(server: string): Promise<void> {
  copyFileSync(join(installed, "docs", "examples", "echo-bot.mts"), join(folder, "echo-bot.mts"));
  const bot = spawn("node", ["echo-bot.mts", "echo", server], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(bot, "exit");
  const lines = createInterface({ input: bot.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value === "online", "the echo bot comes online in a fresh folder");
  run("npx", ["pad", "send", "echo", "are you there?", "--server", server, "--as", "trial"], folder);
  expect((await lines.next()).value?.startsWith("echo: ") === true, "the echo bot answers");
  bot.kill("SIGTERM");
  const [code] = await ended;
  expect(code === 0, "the echo bot leaves with 0");
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  expect(status === 0, `${command} ${args.join(" ")} ends with 0, not ${status}: ${stdout}${stderr}`);
  return stdout;
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}
