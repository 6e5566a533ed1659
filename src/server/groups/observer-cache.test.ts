import { expect, test } from "vitest";
import { createObservers } from "../../mls/create-observers.ts";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import type { Section } from "./heavy-work.ts";
import { ObserverCache } from "./observer-cache.ts";

test("GR-51 an observer that isn't here is made within the share of whoever asks; one that is here costs nothing", async () => {
  const { engine } = makeDevice(Buffer.alloc(16, 1).toString("base64url"), { kind: "name", identity: "alice" });
  const policy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] } as const;
  const body = engine.createGroup(new Uint8Array(16), policy).info();
  const cache = new ObserverCache({
    observers: createObservers(),
    read: async () => [{ number: 1, body }],
    most: 8,
  });
  const paid: string[] = [];
  const as = (who: string): Section => {
    return async (work) => {
      paid.push(who);
      return work();
    };
  };
  const use = async (who: string) =>
    await cache.use(
      "g",
      () => 0,
      as(who),
      async (observer) => (observer === null || observer === "unread" ? observer : observer.epoch),
    );
  expect([await use("mallory"), await use("alice")]).toEqual([0, 0]);
  expect(paid).toEqual(["mallory"]);
  cache.forget("g");
  expect(await use("alice")).toBe(0);
  expect(paid).toEqual(["mallory", "alice"]);
  cache.close();
});
