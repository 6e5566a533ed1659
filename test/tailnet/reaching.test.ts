import { expect, test } from "vitest";
import { runPadserve } from "../helpers/program.ts";
import { startServe } from "../helpers/serve.ts";
import { startFakeTailscaled } from "../helpers/tailnet.ts";

test("RE-1 `pad send` inside a userspace node gets to the server through tailscaled", async () => {
  const fake = await startFakeTailscaled("userspace");
  const { port } = await startServe();
  fake.listens("bob-laptop", 12_345, port);
  const sent = await send("bob-laptop", fake.path);
  expect(sent).toMatchObject({ code: 0, stderr: "" });
  expect(fake.asked).toEqual(["GET /localapi/v0/status?peers=false", "POST /localapi/v0/dial"]);
});

test("RE-5 `pad send` tells what this machine's Tailscale has to do with it", async () => {
  const fake = await startFakeTailscaled("tun");
  fake.setState("Stopped");
  const sent = await send("no-such-name.invalid", fake.path);
  expect(sent.stderr).toMatch(/^pad send: .*no-such-name\.invalid.* Tailscale is stopped\. Run: sudo tailscale up\n$/);
  expect(sent.code).toBe(3);
});

function send(server: string, socket: string) {
  const env = { PADSERVE_TAILSCALE_SOCKET: socket };
  return runPadserve(["send", "ALL", "hello", "--server", server, "--as", "nas"], { env });
}
