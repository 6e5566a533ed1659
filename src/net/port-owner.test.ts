import { once } from "node:events";
import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { portOwner } from "./port-owner.ts";

test.runIf(process.platform === "linux").each([
  ["127.0.0.1", ["127.0.0.1"], ["127.0.0.2", "::1"]],
  ["::1", ["::1"], ["127.0.0.1"]],
  ["0.0.0.0", ["127.0.0.1", "100.64.0.1"], ["::1"]],
  ["::", ["::1", "127.0.0.1", "fd7a:115c:a1e0::1"], []],
])(
  "NE-30 a program that listens on %s is found for what it keeps from us, and for nothing else",
  async (host, kept, free) => {
    const code = `require("net").createServer().listen(0, ${JSON.stringify(host)}, function () { console.log(this.address().port) })`;
    const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [chunk]: unknown[] = await once(child.stdout, "data");
    const port = Number(String(chunk));
    for (const address of kept) expect(portOwner(address, port)).toBe(`node (pid ${child.pid})`);
    for (const address of free) expect(portOwner(address, port)).toBeNull();
  },
);
