import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { scratchFolder, startPadserve } from "../helpers/program.ts";

test("SV-9 options, environment and file all reach the server, in this order", async () => {
  const folder = scratchFolder();
  const file = join(folder, "padserve.json");
  writeFileSync(
    file,
    JSON.stringify({
      port: 1,
      data: join(folder, "wrong"),
      operator: ["name:boss"],
      "max-per-identity": 1,
      "tailscale-socket": join(folder, "none.sock"),
    }),
  );
  const env = {
    PADSERVE_CONFIG: file,
    PADSERVE_PORT: "2",
    PADSERVE_DATA: join(folder, "data"),
    PADSERVE_LOG_LEVEL: "warn",
  };
  const program = startPadserve(["serve", "--port", "0", "--log-format", "json"], { env });
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(await program.line())?.[1]);
  expect(await program.until("Operator:")).toContain("name:boss, by configuration");
  using peer = await ClassicPeer.connect(port);
  expect(await peer.setUp("boss")).toBe("REGISTERED as operator");
  expect(readdirSync(folder).toSorted()).toEqual(["data", "padserve.json"]);
  program.kill("SIGTERM");
  expect(await program.exited).toMatchObject({ code: 0, stderr: "" });
});

test("SV-9 by default the state is kept where the platform keeps such things, for this user alone", async () => {
  const home = scratchFolder();
  const args = ["serve", "--port", "0", "--tailscale-socket", join(home, "none.sock")];
  const program = startPadserve(args, { env: { HOME: home, XDG_STATE_HOME: join(home, "state") } });
  await program.line();
  const data = join(home, process.platform === "linux" ? "state/padserve" : "Library/Application Support/padserve");
  expect(readdirSync(data).toSorted()).toContain("padserve.db");
  expect(statSync(data).mode & 0o777).toBe(0o700);
});
