import { expect, test } from "vitest";
import { findEndpoints } from "./endpoint.ts";
import type { Machine } from "./endpoint.ts";

function missing(): never {
  throw new Error("ENOENT");
}

/** A machine on which nothing exists and nothing runs, but what is given. */
function machine(platform: NodeJS.Platform, found: Partial<Machine>): Machine {
  const nothing = { exists: () => false, readLink: missing, readText: missing, run: async () => missing() };
  return { platform, uid: 501, ...nothing, ...found };
}

const linux = { kind: "socket", path: "/var/run/tailscale/tailscaled.sock" };
const macSocket = { kind: "socket", path: "/var/run/tailscaled.socket" };

test.each([
  ["Linux", [], [linux.path]],
  [
    "Synology",
    ["/usr/syno"],
    ["/var/packages/Tailscale/var/tailscaled.sock", "/var/packages/Tailscale/etc/tailscaled.sock"],
  ],
  ["QNAP", ["/etc/config/uLinux.conf"], ["/tmp/tailscale/tailscaled.sock"]],
  ["Gokrazy", ["/gokrazy"], ["/perm/tailscaled/tailscaled.sock"]],
])("TN-5 on %s tailscaled is asked at its socket there", async (_name, files, paths) => {
  expect(await findEndpoints(null, machine("linux", { exists: (path) => files.includes(path) }))).toEqual(
    paths.map((path) => ({ kind: "socket", path })),
  );
});

test("TN-5 a socket in /tmp, which anybody can make, is asked on QNAP only", async () => {
  expect(await findEndpoints(null, machine("linux", { exists: (path) => path.startsWith("/tmp/tailscale") }))).toEqual([
    linux,
  ]);
});

test("TN-5 on Windows it is the named pipe", async () => {
  expect(await findEndpoints(null, machine("win32", {}))).toEqual([
    { kind: "socket", path: "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\Tailscale\\tailscaled" },
  ]);
});

test("TN-5 on macOS without an app it is the open-source tailscaled's socket", async () => {
  expect(await findEndpoints(null, machine("darwin", {}))).toEqual([macSocket]);
});

test("TN-5 the macOS App Store app tells port and token by the name of a file that it holds open", async () => {
  const programs: unknown[] = [];
  const found = machine("darwin", {
    run: (program, args) => {
      programs.push([program, ...args]);
      return Promise.resolve("p77\nfcwd\nn/\nn/Users/a/io.tailscale.ipn.macos/sameuserproof-61577-2ae2ec9e\nf12\n");
    },
  });
  expect(await findEndpoints(null, found)).toEqual([{ kind: "loopback", port: 61577, token: "2ae2ec9e" }, macSocket]);
  expect(programs).toEqual([["lsof", "-n", "-a", "-u501", "-c", "IPNExtension", "-F"]]);
});

test("TN-5 the macOS standalone app has its port in a symbolic link and its token in a file", async () => {
  const found = machine("darwin", {
    readLink: (path) => (path === "/Library/Tailscale/ipnport" ? "51234" : missing()),
    readText: (path) => (path === "/Library/Tailscale/sameuserproof-51234" ? "secret\n" : missing()),
  });
  expect(await findEndpoints(null, found)).toEqual([{ kind: "loopback", port: 51234, token: "secret" }, macSocket]);
});

test("TN-5 a token that we may not read leaves the endpoint to be asked without one", async () => {
  expect(await findEndpoints(null, machine("darwin", { readLink: () => "51234" }))).toEqual([
    { kind: "loopback", port: 51234, token: "" },
    macSocket,
  ]);
});

test("TN-5 a path given by the administrator leaves no other", async () => {
  for (const platform of ["linux", "darwin", "win32"] as const) {
    expect(await findEndpoints("/run/mine.sock", machine(platform, { readLink: () => "51234" }))).toEqual([
      { kind: "socket", path: "/run/mine.sock" },
    ]);
  }
});
