import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { command } from "../../src/doctor/command.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { noNamespaces } from "../helpers/netns.ts";
import { runPadserve, scratchFolder } from "../helpers/program.ts";
import { startServe } from "../helpers/serve.ts";
import { createTailnetMachines } from "../helpers/tailnet-machines.ts";
import { startFakeTailscaled } from "../helpers/tailnet.ts";
import type { FakeLocalApi } from "../fakes/fake-local-api.ts";
import { expectTranscript, freePort } from "./transcript.ts";
import { commitFacts } from "../store/commit-facts.ts";

const DAY = 24 * 60 * 60 * 1000;
const SOCKET = "/var/run/tailscale/tailscaled.sock";

/** A machine on which a server has run and was stopped; `tailscale`: a tailscaled, or none. */
async function scene(tailscale: FakeLocalApi | null) {
  const [data, port] = [scratchFolder(), String(await freePort())];
  const socket = tailscale?.path ?? join(data, "no-tailscaled.sock");
  await keep(data, tailscale !== null);
  return {
    data,
    socket,
    port,
    args: ["--data", data, "--port", port, "--tailscale-socket", socket],
    instead: { [socket]: SOCKET, [data]: "/srv/padserve", [port]: "12345" },
  };
}

async function keep(data: string, tailscaledSeen: boolean): Promise<void> {
  const store = await openSqliteStore(data);
  await commitFacts(store, [
    {
      kind: "name-claimed",
      claim: { name: "ann", identity: { kind: "person", login: "ann@example.com" }, claimedAt: 1 },
    },
    { kind: "ban-placed", ban: { name: "eve", identity: null, by: "ann", bannedAt: 2 } },
    ...(tailscaledSeen ? [{ kind: "tailscaled-seen" } as const] : []),
  ]);
  await store.close();
}

describe("doctor's screen", () => {
  test("DR-1 where Tailscale is not installed", async () => {
    await expectTranscript("not-installed", "padserve doctor", await scene(null));
  });

  test("DR-1 where Tailscale needs a login", async () => {
    const fake = await startFakeTailscaled("tun");
    fake.setState("NeedsLogin", "https://login.tailscale.com/a/0123456789ab");
    await expectTranscript("needs-login", "padserve doctor", await scene(fake));
  });

  test("DR-1 where this user may not ask tailscaled", async () => {
    const fake = await startFakeTailscaled("tun");
    fake.forbid();
    await expectTranscript("no-permission", "padserve doctor", await scene(fake));
  });

  test.skipIf(noNamespaces !== null)("DR-2 where all is well", async () => {
    const fake = await startFakeTailscaled("tun");
    fake.set({ https: true });
    const { chat } = createTailnetMachines();
    const { args, instead } = await scene(fake);
    await expectTranscript("well", "padserve doctor", { args, instead, ...chat });
  });

  test("DR-2 in userspace mode", async () => {
    const fake = await startFakeTailscaled("userspace");
    fake.grant("bob@example.com", { operator: true });
    fake.grant("tag:backup", { operator: false });
    await expectTranscript("userspace", "padserve doctor", await scene(fake));
  });

  test("DR-4 where shields are up, the key expires soon, an address is missing and nobody is operator", async () => {
    const fake = await startFakeTailscaled("tun");
    // Tagged, so nobody's; that its key expires all the same is the tailnet's choice.
    const keyExpiry = new Date(Date.now() + 9.5 * DAY).toISOString();
    fake.self("chat", { tags: ["tag:chat"], addresses: ["100.64.0.1"], keyExpiry });
    fake.set({ shieldsUp: true });
    await expectTranscript("kept-out", "padserve doctor", await scene(fake));
  });

  test("DR-10 where the database is damaged", async () => {
    const at = await scene(await startFakeTailscaled());
    writeFileSync(join(at.data, "padserve.db"), "no database at all, and long enough to be looked at".repeat(200));
    await expectTranscript("damaged", "padserve doctor", at);
  });

  test("DR-12 where another program has the port", async () => {
    const at = await scene(await startFakeTailscaled());
    const other = createServer().listen(Number(at.port), "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    await expectTranscript("port-taken", "padserve doctor", at);
  });

  test("DR-11 beside its running server", async () => {
    const fake = await startFakeTailscaled();
    const at = await scene(fake);
    const args = ["--operator", "login:bob@example.com", "--port", at.port];
    await startServe({ data: at.data, tailscaleSocket: fake.path, args });
    await expectTranscript("running", "padserve doctor", at);
  });
});

test("DR-9 a folder in which others may write is a warning", async () => {
  const at = await scene(await startFakeTailscaled());
  chmodSync(at.data, 0o777);
  const { code, stdout } = await runPadserve(["doctor", ...at.args]);
  expect(stdout).toContain(`Others may write in ${at.data} (its mode is 0777).`);
  expect(stdout).toContain(`-> Run: chmod 700 ${at.data}`);
  expect(code).toBe(8);
});

test("DR-12 a port that a Padserve with another folder has is a warning that tells so", async () => {
  const { port } = await startServe();
  const { stdout } = await runPadserve(["doctor", "--port", String(port), "--data", scratchFolder()]);
  expect(stdout).toMatch(
    new RegExp(`! +port +${port} is taken by node \\(pid \\d+\\): a Padserve that keeps its data`),
  );
});

test("DR-16 in a pipe there are plain characters and no colours, and every trouble has a next step", async () => {
  const { args } = await scene(null);
  const { stdout } = await runPadserve(["doctor", ...args]);
  const lines = stdout.split("\n");
  expect(stdout).toMatch(/^[\n\u0020-\u007E]+$/);
  expect(lines.filter((line) => /^[-!x] {2}/.test(line)).length).toBe(
    lines.filter((line) => line.includes("-> ")).length,
  );
});

test.each([
  ["colours and marks", {}, true],
  ["plain words with NO_COLOR", { NO_COLOR: "1" }, false],
])("DR-16 a terminal gets %s", async (_what, env, colours) => {
  const { args } = await scene(null);
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const stop = new AbortController().signal;
  await command.start(args, { env, stdin: new PassThrough(), stdout, stderr: new PassThrough(), stop });
  stdout.end();
  const said = await text(stdout);
  expect(said.includes("\u001B[31m✗\u001B[0m")).toBe(colours);
  expect(said.startsWith("x  tailscaled")).toBe(!colours);
});

test("DR-17 with --json it prints one object with the worst level; its exit code is that level's", async () => {
  const { args, data } = await scene(await startFakeTailscaled());
  const read = async (): Promise<unknown> => {
    const { code, stdout } = await runPadserve(["doctor", "--json", ...args]);
    const { worst }: { worst: unknown } = JSON.parse(stdout);
    return [worst, code];
  };
  expect(await read()).toEqual(["note", 0]);
  chmodSync(data, 0o777);
  expect(await read()).toEqual(["warning", 8]);
  writeFileSync(join(data, "padserve.db"), "no database");
  expect(await read()).toEqual(["error", 9]);
});

test("DR-17 wrong use is told in one line", async () => {
  for (const [words, message] of [
    [["a/b"], `not a server's name or address: "a/b"`],
    [["chat:0"], `not a server's name or address: "chat:0"`],
    [["--port", "x"], "--port takes a whole number"],
    [["--config", "/nonexistent.json"], "can't be read"],
  ] as const) {
    const { code, stdout, stderr } = await runPadserve(["doctor", ...words]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`padserve doctor: `);
    expect(stderr).toContain(message);
  }
});
