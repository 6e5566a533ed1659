import { expect, test } from "vitest";
import type { Standing } from "../../client/index.ts";
import type { RuntimeEvent } from "../runtime/runtime.ts";
import { confirmByKey } from "./confirm-by-key.ts";

const seed = new Uint8Array(32);
const pending: Standing = { kind: "pending", code: "KQ3F-7M2A-0T9X-WB41", name: "alice" };

test("AD-14 a device that has its person's key is one of theirs when the server has said so, however early, and not because it says nothing", async () => {
  const early = meet();
  expect(await early.give({ meanwhile: () => early.says({ kind: "confirmed" }) })).toBe("confirmed");
  const silent = meet();
  expect(await silent.give({ isOver: true })).toBe("kept");
  expect([early.listeners.size, silent.listeners.size]).toEqual([0, 0]);
});

test("AD-14 that it waits counts once it has the key; an end counts as that, and so does nobody to ask", async () => {
  const stale = meet();
  const given = stale.give({ meanwhile: () => stale.says(pending) });
  await new Promise((resolve) => void setImmediate(resolve));
  stale.says({ kind: "confirmed" });
  expect(await given).toBe("confirmed");
  const refused = meet();
  const asked = refused.give({});
  await new Promise((resolve) => void setImmediate(resolve));
  refused.says(pending);
  expect(await asked).toBe("waits");
  expect(await meet("ended").give({})).toBe("waits");
  expect(await meet().give({ asksSomebody: false })).toBe("nobody");
});

function meet(state: "online" | "ended" = "online") {
  const listeners = new Set<(event: RuntimeEvent) => void>();
  return {
    listeners,
    says: (standing: Standing) => {
      if (standing.kind === "unknown") return;
      for (const listener of listeners) listener({ kind: "own-standing", standing });
    },
    give: async ({ meanwhile = () => {}, isOver = false, asksSomebody = true }) => {
      const runtime = {
        client: { state: { kind: state } },
        confirmBy: async () => {
          await Promise.resolve();
          meanwhile();
          return asksSomebody;
        },
        onEvent: (listener: (event: RuntimeEvent) => void) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      };
      // What isn't asked here needs no answer.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return await confirmByKey(runtime as unknown as Parameters<typeof confirmByKey>[0], seed, async () => {
        if (!isOver) await new Promise(() => {});
      });
    },
  };
}
