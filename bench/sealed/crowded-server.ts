/** The server for thousands of devices that come from one machine: as users start it, but that it takes as many upgrades of one identity as come. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/server/log.ts";
import { startServer } from "../../src/server/main.ts";
import { keepHeapSmall } from "../../src/server/small-heap.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { FloorReady } from "../floor.ts";

keepHeapSmall();
const data = mkdtempSync(join(tmpdir(), "padserve-bench-"));
const given = readConfig(
  {
    port: 0,
    data,
    "tailscale-socket": join(data, "nothing-here"),
    "message-rate": 1_000_000,
    "max-local-names": 1_000_000,
    "max-connections": 20_000,
  },
  {},
);
if ("wrong" in given) throw new Error(given.wrong);
const store = await openSqliteStore(data);
const started = await startServer({
  config: given.config,
  store,
  saved: await store.load(),
  log: createLog(process.stderr, "error", "json"),
  token: "bench",
  timings: { requestEvery: 0.1 },
});
if (started.kind !== "started") throw started.trouble.failure.error;
const { server } = started;
// Without whoever started it, nobody would end it.
process.on("disconnect", () => process.exit());
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
process.on("SIGTERM", () => void server.stop().then(() => process.exit()));
const ready: FloorReady = { port: server.port };
process.send?.(ready);
