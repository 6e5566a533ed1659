/** A server's word about where each log ends, at the beginning of a connection. */
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { startLyingRelay } from "../helpers/lying-relay.ts";
import { startTestServer } from "../helpers/server.ts";
import { expectNoFailures } from "./no-failures.ts";
import { soakDevice } from "./server-soak/soak-device.ts";

const ANOTHER_HASH = Buffer.alloc(32, 7).toString("base64url");

test.each<[string, (view: object) => object, readonly string[]]>([
  ["as it is, the conversation goes on", (view) => view, []],
  ["with another hash, it stops", (view) => ({ ...view, hash: ANOTHER_HASH }), ["log-broken"]],
])("GS-12 where a new connection is told a log's end %s", async (_, told, expected) => {
  await using server = await startTestServer();
  await using relay = await startLyingRelay(server.port);
  const failures: unknown[] = [];
  const stopped: string[] = [];
  const alice = soakDevice(
    "alice",
    relay.port,
    (error) => failures.push(error),
    (event) => {
      if (event.kind === "group" && event.event.kind === "stopped") stopped.push(event.event.cause);
    },
  );
  onTestFinished(async () => await alice.remove());
  while ((await (await alice.runtime.session(EVERYONE))?.look())?.row.status !== "active") await setImmediate();
  await alice.stop();
  // What is read page by page stays as it is.
  relay.toClient = (frame) => {
    const { body } = frame;
    if (typeof body !== "object" || body === null || !("groups" in body) || !Array.isArray(body.groups)) return frame;
    return { ...frame, body: { ...body, groups: body.groups.map((view: object) => told(view)) } };
  };
  alice.start();
  await alice.runtime.client.online();
  while (stopped.length < expected.length) await setImmediate();
  await alice.runtime.settled();
  expect(stopped).toEqual(expected);
  expectNoFailures(failures);
});
