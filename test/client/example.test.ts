import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { formatAddress } from "../../src/client/transport/index.ts";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { online } from "./recorder.ts";

const root = join(import.meta.dirname, "../..");

test("CC-25 the example in docs runs: it echoes direct messages, and leaves when told to", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice" });
  const bot = spawn(
    process.execPath,
    ["--conditions=padserve-source", "docs/examples/echo-bot.mts", "echo", formatAddress(server.address)],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(bot, "exit");
  const output = text(bot.stdout);
  await server.hears("END CLIENTPUBKEY", 2);
  expect(await alice.client.send("echo", "are you there?")).toEqual({ kind: "taken" });
  const echo = await alice.hears((event) => event.kind === "message");
  expect(echo).toEqual({ kind: "message", from: "echo", to: "alice", text: "are you there?" });
  bot.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(await output).toBe("online\necho: taken\nended\nover: left\n");
});
