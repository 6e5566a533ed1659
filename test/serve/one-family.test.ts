import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startServe } from "../helpers/serve.ts";

test("SV-25 a port that is taken on one family only: the start says which address is missing, and who has it", async () => {
  const other = createServer().listen({ host: "::1", port: 0, ipv6Only: true });
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { program, listening, join: next } = await startServe({ args: ["--port", String(port)] });
  expect(listening).toContain(`127.0.0.1:${port}`);
  expect(listening).not.toContain("[::1]");
  const owner = process.platform === "linux" ? `node (pid ${process.pid})` : "another program";
  expect(next).toBe(`Not listening on [::1]:${port}: taken by ${owner}; stop it, or choose another port with --port.`);
  // When it is free it is listened on, and that is said.
  other.close();
  await program.until(`[::1]:${port}`);
});
