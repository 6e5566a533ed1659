import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { toText } from "../../src/agent/delivery/base64url.ts";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { soakDevice, type SoakDevice } from "../agent/server-soak/soak-device.ts";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { startTestServer } from "../helpers/server.ts";

/** Milliseconds between two questions of who wants every turn. */
const OFTEN = 100;

test("AB-11 whoever asks for every turn in a room and uses none keeps nobody from coming in, from committing or from writing there", async () => {
  await using server = await startTestServer({ config: { messageRate: 0 } });
  const failures: unknown[] = [];
  const make = (name: string): SoakDevice => {
    const device = soakDevice(name, server.port, (error) => failures.push(error));
    onTestFinished(async () => await device.remove());
    return device;
  };
  const alice = make("alice");
  while (!(await isIn(alice, 1))) await setImmediate();
  const session = await alice.runtime.session(EVERYONE);
  using mallory = await FramePeer.connect(server.port);
  await mallory.greet("mallory", makeDevice(mallory.hello.server.id, { kind: "name", identity: "mallory" }));
  const granted = Promise.withResolvers<void>();
  const asking = setInterval(() => {
    void mallory.ask("ask-turn", { group: toText(session?.id ?? new Uint8Array()), orAdded: false }).then((answer) => {
      if ("reply" in answer && answer.reply.granted) granted.resolve();
      return null;
    });
  }, OFTEN);
  onTestFinished(() => clearInterval(asking));
  await granted.promise;

  const bob = make("bob");
  while (!((await isIn(alice, 2)) && (await isIn(bob, 2)))) await setImmediate();
  const people = (await session?.look())?.people ?? [];
  await alice.runtime.write(EVERYONE, Buffer.from("all the same"), people);
  const hears = async () => (await bob.history(EVERYONE)).some(({ entry }) => entry.kind === "message");
  while (!(await hears())) await setImmediate();
  expect(failures).toEqual([]);
});

async function isIn({ runtime }: SoakDevice, count: number): Promise<boolean> {
  const view = await (await runtime.session(EVERYONE))?.look();
  return view?.row.status === "active" && view.members.length === count;
}
