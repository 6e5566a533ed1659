import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { padded, sealed } from "../helpers/classic-crypto.ts";
import { startServe } from "../helpers/serve.ts";
import { startFakeTailscaled } from "../helpers/tailnet.ts";

const TEXT = "the-plan-for-tonight";

test("SV-21 neither log nor data hold a message's text, its payload, a key or the administrator's secret", async () => {
  const fake = await startFakeTailscaled();
  const { program, port, data } = await startServe({ tailscaleSocket: fake.path, args: ["--log-level", "debug"] });
  const running: { token: string } = JSON.parse(readFileSync(join(data, "running.json"), "utf8"));
  const alice = new ClassicPeer(await fake.dial("alice-laptop", port));
  await alice.setUp("alice");
  const bob = new ClassicPeer(await fake.dial("bob-laptop", port));
  await bob.setUp("bob");

  const key = alice.key ?? new Uint8Array();
  const [broadcast, direct] = [sealed(key, TEXT), padded(TEXT)];
  expect(await alice.ask(`SEND ALL ${broadcast}`)).toBe("BROADCAST SENT");
  expect(await bob.message()).toMatchObject({ text: TEXT });
  alice.say(`SEND bob ${direct}`);
  expect(await bob.message()).toMatchObject({ text: TEXT });
  // What is refused, or makes no sense, is a message all the same.
  for (const line of [
    TEXT,
    `SEND bob ${TEXT}`,
    `SEND ALL ${TEXT}`,
    `SEND nobody ${direct}`,
    `SEND ALL ${broadcast.slice(2)}`,
  ]) {
    expect(await alice.ask(line)).toContain("ERROR");
  }
  expect(await alice.ask(`REGISTER ${TEXT}.`)).toBe("ERROR Already registered");
  alice.say(`SEND ALL ${TEXT.repeat(10_000)}`);
  expect((await alice.closed()).at(-1)).toBe("ERROR Line too long");
  program.kill("SIGTERM");
  const { stdout, stderr } = await program.exited;

  const kept = readdirSync(data).map((file) => readFileSync(join(data, file), "latin1"));
  expect(stderr).toContain("session opened");
  const [pad = "", hidden = ""] = direct.split("|");
  const secrets = [TEXT, broadcast, pad, hidden, Buffer.from(TEXT).toString("hex"), Buffer.from(key).toString("hex")];
  const told = [stdout, stderr, ...kept].join("\n").toLowerCase();
  for (const secret of [...secrets, running.token]) expect(told).not.toContain(secret);
});
