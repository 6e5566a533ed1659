/** Loaded into a measured process where the system can't be asked from outside: answers what it has used. */
import type { Usage } from "./usage.ts";

process.on("message", (question) => {
  if (question !== "usage") return;
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
  process.send?.(usage);
});
// Being asked is no reason to stay alive.
process.channel?.unref();
