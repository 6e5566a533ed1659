import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { startServe } from "../helpers/serve.ts";

describe("the end of a server", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "SV-10 %s: connections are closed, nothing is said, exit 0",
    async (signal) => {
      const { program, port } = await startServe();
      using bob = await ClassicPeer.connect(port);
      await bob.setUp("bob");
      using silent = await ClassicPeer.connect(port);
      program.kill(signal);
      expect(await bob.closed()).toEqual([]);
      expect(await silent.closed()).toEqual([]);
      expect(await program.exited).toMatchObject({ code: 0, signal: null });
    },
  );

  test("SV-10 a peer that never closes its side, and one that reads nothing, don't keep it from that", async () => {
    const { program, port } = await startServe({ args: ["--max-queue", String(1 << 24), "--message-rate", "0"] });
    const stubborn = await hold(port);
    using reader = await ClassicPeer.connect(port);
    using writer = await ClassicPeer.connect(port);
    await reader.setUp("reader");
    await writer.setUp("writer");
    reader.socket.pause();
    for (let sent = 0; sent < 150; sent++) {
      writer.broadcast("x".repeat(15_000));
      expect(await writer.line()).toBe("BROADCAST SENT");
    }
    program.kill("SIGTERM");
    expect(await program.exited).toMatchObject({ code: 0, signal: null });
    expect(stubborn.readableEnded).toBe(true);
  });

  test.each([
    ["SIGTERM", 2],
    ["SIGINT", 130],
  ] as const)("SV-11 a second %s ends it at once", async (signal, code) => {
    const { program, port } = await startServe();
    const stubborn = await hold(port);
    program.kill(signal);
    // It has ended its side and now waits for the peer to end its own, as this one doesn't.
    await once(stubborn, "end");
    program.kill(signal);
    expect(await program.exited).toMatchObject({ code });
  });

  test("SV-12 word of a running server lies in its data folder, for its user alone, as long as it runs", async () => {
    const { program, data } = await startServe();
    expect(statSync(join(data, "running.json")).mode & 0o777).toBe(0o600);
    program.kill("SIGTERM");
    await program.exited;
    expect(readdirSync(data)).toEqual(["padserve.db", "padserve.db-mark"]);
  });

  test("SV-12 what a killed server left there does not keep the next one from its place", async () => {
    const { program, data, port } = await startServe();
    program.kill("SIGKILL");
    await program.exited;
    expect(readdirSync(data)).toContain("running.json");
    const next = await startServe({ data, args: ["--port", String(port)] });
    expect(next.port).toBe(port);
  });
});

/** A registered peer that keeps its side open when the server ends its own. */
async function hold(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.write("REGISTER stubborn\n");
  await once(socket, "data");
  return socket;
}
