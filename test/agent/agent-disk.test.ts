import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { attach } from "../../src/agent/face/index.ts";
import type { Attached } from "../../src/agent/face/index.ts";
import { endAgent } from "./end-agent.ts";
import { fillDisk } from "../helpers/disks.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";
import type { TestServer } from "../helpers/server.ts";
import { mountReadOnly, mountSmallDisk, noMounts } from "../store/mounts.ts";

test.skipIf(noMounts)("AG-24 on a full disk no agent starts, and it says so; with room it does", async () => {
  await using server = await startTestServer();
  const disk = smallDisk();
  const makeRoom = fillDisk(disk);
  expect(await attachIn(disk, server)).toMatchObject({
    kind: "failed",
    why: "folder",
    text: expect.stringMatching(/full|No space/),
  });
  makeRoom();
  expect(await attachIn(disk, server)).toMatchObject({ kind: "attached" });
});

test.skipIf(noMounts)(
  "AG-24 a disk that fills refuses what is written, and takes it when there is room again",
  async () => {
    await using server = await startTestServer();
    const disk = smallDisk();
    const attached = await attachIn(disk, server);
    if (attached.kind !== "attached") throw new Error(JSON.stringify(attached));
    const { chat } = attached;
    await chat.online();
    while (chat.named("#everyone")?.kind !== "sealed-room" || !isEntered(chat.named("#everyone"))) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const stop = chat.onEvent(resolve);
      await promise;
      stop();
    }
    const everyone = chat.named("#everyone");
    if (everyone === null) throw new Error("no #everyone");
    const makeRoom = fillDisk(disk);
    expect(await chat.send(everyone.id, "x".repeat(20_000))).toMatchObject({ kind: "refused" });
    makeRoom();
    expect(await chat.send(everyone.id, "again")).toEqual({ kind: "taken" });
    await chat.close();
  },
);

test.skipIf(noMounts)("AG-24 on a read-only disk no agent starts, and it says so", async () => {
  await using server = await startTestServer();
  const home = scratchFolder();
  const unmount = mountReadOnly(home);
  onTestFinished(unmount);
  const failed = await attachIn(join(home, "state"), server);
  expect(failed).toMatchObject({ kind: "failed", why: "folder", text: expect.stringContaining("read-only") });
});

function smallDisk(): string {
  const disk = join(scratchFolder(), "disk");
  mkdirSync(disk);
  const unmount = mountSmallDisk(disk, 4096);
  onTestFinished(unmount);
  onTestFinished(async () => await endAgent(disk));
  return disk;
}

async function attachIn(state: string, server: TestServer): Promise<Attached> {
  return await attach({
    server: { host: "127.0.0.1", port: server.port },
    name: "alice",
    suggest: () => Promise.resolve(["alice"]),
    state,
    env: { PATH: process.env["PATH"], HOME: state, PAD_AGENT_IDLE: "10" },
  });
}

function isEntered(room: { readonly kind: string; readonly readers?: readonly string[] } | null): boolean {
  return (room?.readers?.length ?? 0) > 0;
}
