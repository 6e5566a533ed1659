import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { FramePeer, makeDevice, type TestDevice } from "../helpers/frame-peer.ts";
import { startTestServer } from "../helpers/server.ts";
import type { RoomPolicy } from "../../src/mls/room-policy.ts";

const INVITE: RoomPolicy = { access: "invite", add: "members", remove: "members", moderators: [], listed: [] };

test("FR-36 whoever makes groups without end is told to go slower, under another name as well, and whoever asks again for one that is there is not", async () => {
  await using server = await startTestServer();
  let made = 0;
  let last = "";
  let refusal: unknown = null;
  for (const name of ["m1", "m2", "m3"]) {
    using peer = await FramePeer.connect(server.port);
    const device = makeDevice(peer.hello.server.id, { kind: "name", identity: name });
    await peer.greet(name, device);
    refusal = null;
    for (let count = 0; count < 40 && refusal === null; count += 1) {
      const group = randomBytes(16).toString("base64url");
      const answer = await peer.ask("create-group", newRoom(device, group));
      if ("refusal" in answer) ({ refusal } = answer);
      else [made, last] = [made + 1, group];
    }
    if (name === "m2")
      expect(await peer.ask("create-group", newRoom(device, last))).toEqual({ reply: { group: last } });
  }
  expect(refusal).toEqual({ reason: "too-many-messages" });
  expect(made).toBeGreaterThanOrEqual(60);
  expect(made).toBeLessThan(80);
});

function newRoom({ engine }: TestDevice, group: string) {
  const id = Buffer.from(group, "base64url");
  const room = engine.createGroup(new Uint8Array(id), INVITE);
  return { group, place: { kind: "room", name: `r${id.toString("hex", 0, 8)}` }, groupInfo: room.info() } as const;
}
