import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { decodeRequest } from "../../wire/frames/client-frames.ts";
import { PendingRequests } from "./pending-requests.ts";

const CLOSED = { kind: "closed" } as const;

/** Requests whose frames are gathered; none is ever silent. */
function pending(most: number) {
  const asked: { readonly id: number; readonly name: string }[] = [];
  const giveUp = vi.fn();
  const requests = new PendingRequests(1_000_000, {
    send: (frame) => {
      const decoded = decodeRequest(frame);
      if (decoded.kind === "request" && decoded.request.type === "kick") {
        asked.push({ id: decoded.request.id, name: decoded.request.body.target });
      }
    },
    giveUp,
  });
  requests.allow(most);
  return { requests, asked, giveUp };
}

const kick = (requests: PendingRequests, target: string) => requests.ask("kick", { target, reason: null });

test("CC-51 in whatever order they are answered, each has its own answer, and never are too many asked at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(), { maxLength: 30 }), async (most, picks) => {
      const { requests, asked } = pending(most);
      const answers = picks.map((_, nth) => kick(requests, `name-${nth}`));
      const open = new Set<number>();
      let seen = 0;
      for (const pick of picks) {
        for (; seen < asked.length; seen += 1) open.add(seen);
        expect(open.size).toBeLessThanOrEqual(most);
        const nth = [...open][pick % open.size] ?? 0;
        open.delete(nth);
        const target = asked[nth]?.name ?? "";
        expect(requests.refuse(asked[nth]?.id ?? -1, { reason: "target-not-found", target })).toBe(true);
      }
      expect(await Promise.all(answers)).toEqual(
        picks.map((_, nth) => ({ kind: "refused", refusal: { reason: "target-not-found", target: `name-${nth}` } })),
      );
    }),
  );
});

test("CC-52 what is asked when it has ended is not sent, and doesn't wait for an answer", async () => {
  const { requests, asked } = pending(1);
  requests.end(CLOSED);
  expect(await kick(requests, "a")).toEqual({ kind: "not-sent", why: "offline" });
  expect(asked).toEqual([]);
});

test("CC-52 when it ends, what was asked is unknown, what waited was not sent, and nothing is answered twice", async () => {
  const { requests, asked } = pending(1);
  const answers = [kick(requests, "a"), kick(requests, "b")];
  requests.end(CLOSED);
  expect(await Promise.all(answers)).toEqual([
    { kind: "unknown", why: CLOSED },
    { kind: "not-sent", why: "offline" },
  ]);
  expect(asked).toHaveLength(1);
  expect(requests.answer(asked[0]?.id ?? -1, {})).toBe(false);
  expect(requests.refuse(asked[0]?.id ?? -1, null)).toBe(false);
});
