import { spawn } from "node:child_process";
import { stopAgent } from "../../src/agent/face/control.ts";

/** Ends the agent of a state folder, if there is one; resolves when its process is gone. */
export async function endAgent(state: string): Promise<void> {
  await stopAgent(state, "always");
}

/** Resolves when a process that isn't our child has ended: what ends with it tells. */
export async function gone(pid: number): Promise<void> {
  const waiting = spawn("tail", ["--pid", String(pid), "-s", "0.05", "-f", "/dev/null"], { stdio: "ignore" });
  await new Promise((resolve) => waiting.once("exit", resolve));
}
