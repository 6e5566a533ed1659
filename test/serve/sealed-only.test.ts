/** `--no-classic`: sealed rooms alone. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { askHttp } from "../helpers/http.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import type { RoomPolicy } from "../../src/mls/room-policy.ts";

const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };
const start = (): Promise<TestServer> => startTestServer({ config: { noClassic: true } });

test("SV-50 classic lines are refused with one line, whatever they say, and closed", async () => {
  await using server = await start();
  for (const line of ["REGISTER alice", "SERVERHELP", "nonsense"]) {
    const peer = await server.connect();
    expect(await peer.ask(line)).toBe("ERROR This server has sealed rooms only: use pad chat");
    expect(await peer.closed()).toEqual([]);
  }
});

test("SV-50 so is the plain door, in plain words", async () => {
  await using server = await start();
  const peer = await server.connect();
  peer.write("\nalice\n");
  expect(await peer.line()).toBe(
    "-- This server has sealed rooms alone, which need a client with keys of its own: pad chat.",
  );
  expect(await peer.closed()).toEqual([]);
});

test("SV-50 curl finds no open room, and the page doesn't speak of one", async () => {
  await using server = await start();
  for (const method of ["GET", "POST"]) {
    const answer = await askHttp(server.port, { path: "/ALL", method });
    expect([answer.status, answer.body]).toEqual([
      404,
      "This server has sealed rooms alone, which need a client with keys of its own: pad chat.\n",
    ]);
  }
  const page = await askHttp(server.port, { path: "/" });
  expect(page.body).toContain("pad chat");
  expect(page.body).not.toContain("curl");
  expect(page.body).not.toContain("nc ");
});

test("SV-50 over frames there is no open room and nothing that the server can read; what is sealed is there", async () => {
  await using server = await start();
  using alice = await FramePeer.connect(server.port);
  expect(alice.hello.openRoom).toBe(false);
  const device = makeDevice(alice.hello.server.id, { kind: "name", identity: "alice" });
  await alice.greet("alice", device);
  expect(await alice.ask("say", { text: "hello" })).toEqual({ refusal: { reason: "no-open-room" } });
  expect(await alice.ask("tell", { to: "alice", text: "hello" })).toEqual({ refusal: { reason: "no-open-room" } });
  const group = randomBytes(16).toString("base64url");
  const created = device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await alice.get("create-group", { group, place: { kind: "everyone" }, groupInfo: created.info() });
  expect((await alice.get("groups", { after: null })).groups).toHaveLength(1);
});
