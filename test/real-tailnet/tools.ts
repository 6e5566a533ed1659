import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Each folder of `tools` is a Go module that pins one set of programs, with the hashes of everything they are built from.
 * They are modules of their own since headscale is tested by its makers with another tailscale.com than the newest.
 */
const MODULES = ["headscale", "tailscale", "tailscale-oldest", "masquerade"] as const;

type ModuleName = (typeof MODULES)[number];

const SOURCES = join(import.meta.dirname, "tools");
const NEEDED_GO = [1, 26, 6] as const;

/** Why there can be no real tailnet on this machine, in one line; null: there can. */
export function findObstacle(): string | null {
  if (process.platform !== "linux") return "it needs Linux: network namespaces and TUN devices";
  if (process.getuid?.() !== 0) return "it needs root, to make network namespaces";
  if (spawnSync("ip", ["-V"]).status !== 0) return "it needs iproute2, the command ip";
  if (!existsSync("/dev/net/tun")) return "it needs /dev/net/tun";
  const trial = `padtailnet-${process.pid}-0-trial`;
  const added = spawnSync("ip", ["netns", "add", trial], { encoding: "utf8" });
  spawnSync("ip", ["netns", "del", trial]);
  if (added.status !== 0) return `this machine makes no network namespaces: ${added.stderr.trim()}`;
  return MODULES.every(isBuilt) ? null : findGoObstacle();
}

/** A program, as `buildTools` leaves it. */
export function toolPath(module: ModuleName, program: string): string {
  return join(folderOf(module), program);
}

/** Builds what the cache doesn't have yet; takes some minutes then. Throws when the Go toolchain can't. */
export function buildTools(tell: (line: string) => void): void {
  for (const module of MODULES.filter((other) => !isBuilt(other))) {
    const folder = folderOf(module);
    tell(`Building ${module} into ${folder}, once …`);
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      execFileSync("go", ["build", "-mod=readonly", "-trimpath", "-o", `${unfinished}/`, "tool"], {
        cwd: join(SOURCES, module),
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "" },
      });
      renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
}

function findGoObstacle(): string | null {
  const asked = spawnSync("go", ["env", "GOVERSION"], {
    encoding: "utf8",
    env: { ...process.env, GOTOOLCHAIN: "local" },
  });
  const needed = `it needs Go ${NEEDED_GO.join(".")} or later, to build tailscaled and headscale`;
  if (asked.status !== 0) return `${needed}; there is no Go here`;
  const version = asked.stdout.trim().replace(/^go/, "");
  return isNewEnough(version) ? null : `${needed}; this is ${version}`;
}

function isNewEnough(version: string): boolean {
  const numbers = version.split(".").map((part) => Number.parseInt(part, 10));
  for (const [i, needed] of NEEDED_GO.entries()) {
    const number = numbers[i] ?? 0;
    if (number !== needed) return number > needed;
  }
  return true;
}

function isBuilt(module: ModuleName): boolean {
  return existsSync(folderOf(module));
}

/** Another version, or another hash, is another folder; so what stands there is never stale. */
function folderOf(module: ModuleName): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(SOURCES, module, file)));
  const key = `${module}-${process.arch}-${hash.digest("hex").slice(0, 12)}`;
  return join(cache, "padserve", "tailnet-tools", key);
}
