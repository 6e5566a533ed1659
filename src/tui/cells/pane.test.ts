import * as fc from "fast-check";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { OPEN_ROOM } from "../../client/index.ts";
import { emptyConversation, insert } from "../../view/chat/conversations.ts";
import type { Conversation, Entry } from "../../view/chat/snapshot.ts";
import { fromStart, paneRows, scrolled, scrolledTo, scrolledToTop, type Anchor } from "./pane.ts";
import type { Strip } from "./strip.ts";

describe("the pane", () => {
  test("TU-5 it has no row too many, and follows the newest", () => {
    const strip = stripOf(50);
    expect(shown(strip, null, 5)).toEqual([46, 47, 48, 49, 50].map((nth) => `bob: ${nth}`));
    expect(shown(stripOf(1), null, 4)).toEqual([expect.stringContaining("1970"), "bob: 1"]);
    expect(shown(stripOf(0), null, 2)).toEqual([]);
  });

  test("TU-5 new messages never move a scrolled pane, and are counted", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 60 }),
        fc.integer({ min: 3, max: 10 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(30),
        (count, height, up, more) => {
          const before = stripOf(count);
          const anchor = scrolled(before, null, height, -up);
          if (anchor === null) return;
          const after = stripOf(count + more);
          expect(shown(after, anchor, height).slice(0, -1)).toEqual(shown(before, anchor, height).slice(0, -1));
          if (more > 0) expect(shown(after, anchor, height).at(-1)).toContain(`${more} new below`);
        },
      ),
    );
  });

  test("TU-5 scrolling down as far as up comes back to where it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (first, second) => {
        const strip = stripOf(60);
        const one = scrolled(strip, null, 6, -first);
        expect(scrolled(strip, scrolled(strip, one, 6, -second), 6, second)).toEqual(one);
      }),
    );
  });

  test("TU-5 it stops at either end", () => {
    const strip = stripOf(30);
    const top = scrolled(strip, null, 6, -1000);
    expect(top).toEqual(scrolledToTop(strip, null, 6));
    expect(shown(strip, top, 6)[1]).toBe("bob: 1");
    expect(scrolled(strip, top, 6, 1000)).toBeNull();
    expect(scrolledToTop(stripOf(3), null, 10)).toBeNull();
  });

  test("TU-5 a message that is looked for comes into sight, with what was around it", () => {
    const rows = shown(stripOf(60), scrolledTo(stripOf(60), null, 10, 30), 10);
    expect(rows.slice(4, 7)).toEqual(["bob: 29", "bob: 30", "bob: 31"]);
  });

  test("TU-5 what a search has found has a line above it", () => {
    const found = stripOf(60);
    const strip = { ...found, conversation: { ...found.conversation, search: { words: "30", at: 30 } } };
    const rows = shown(strip, scrolledTo(strip, null, 10, 30), 10);
    expect(rows[rows.indexOf("bob: 30") - 1]).toContain("── found: 30 ──");
  });

  test("TU-5 what is longer than the pane is shown from its beginning, what is not at its end", () => {
    const { conversation, look } = stripOf(3);
    const note = { kind: "note", key: 4, place: 0, at: 0, text: "a\nb\nc\nd\ne\nf\ng", tone: "plain" } as const;
    const strip = { look, conversation: { ...conversation, entries: [...conversation.entries, note] } };
    expect(shown(strip, fromStart(strip, 6, 4), 6)[0]).toBe("-- a");
    expect(fromStart(strip, 8, 4)).toBeNull();
  });

  test("TU-5 an anchor whose message was let go stays with the oldest that is left", () => {
    const anchor: Anchor = { key: 3, row: 0, seen: 60 };
    const strip = stripOf(60);
    const { conversation } = strip;
    const left = { ...strip, conversation: { ...conversation, entries: conversation.entries.slice(20) } };
    expect(shown(left, anchor, 6)[1]).toBe("bob: 21");
  });

  test("VW-21 what is put before moves nothing that one reads", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 120 }), (up, count) => {
        const strip = stripOf(60);
        const anchor = scrolled(strip, null, 10, -up);
        if (anchor === null) return;
        // They came last, and belong before.
        const page = Array.from({ length: count }, (_, nth) => ({ ...said(1000 + nth), place: nth - 500 }));
        const longer = { ...strip, conversation: insert(strip.conversation, ...page) };
        // The date that stood above the first entry stands above the page now.
        expect(shown(longer, anchor, 10).slice(1, -1)).toEqual(shown(strip, anchor, 10).slice(1, -1));
      }),
    );
  });

  test("TU-5 only what is seen is laid out, of however many there are", () => {
    let laidOut = 0;
    const entries = Array.from({ length: 10_000 }, (_, nth): Entry => ({
      ...said(nth + 1),
      get text() {
        laidOut += 1;
        return `${nth + 1}`;
      },
    }));
    const strip = { ...stripOf(0), conversation: { ...conversationOf([]), entries } };
    paneRows(strip, null, 40);
    paneRows(strip, scrolled(strip, scrolledToTop(strip, null, 40), 40, 40), 40);
    expect(laidOut).toBeLessThan(200);
  });
});

function stripOf(count: number): Strip {
  const conversation = conversationOf(Array.from({ length: count }, (_, nth) => said(nth + 1)));
  return {
    conversation,
    look: { width: 60, times: false, colours: "none", me: "alice", showsReaders: false, waiting: " …" },
  };
}

function conversationOf(entries: readonly Entry[]): Conversation {
  return { ...emptyConversation(OPEN_ROOM), entries };
}

function said(key: number): Entry {
  return {
    key,
    place: 0,
    at: 0,
    kind: "message",
    from: "bob",
    text: String(key),
    own: false,
    emote: false,
    mention: false,
    delivery: { kind: "taken" },
  };
}

function shown(strip: Strip, anchor: Anchor | null, height: number): readonly string[] {
  const rows = paneRows(strip, anchor, height);
  expect(rows.length).toBeLessThanOrEqual(height);
  return rows.map((row) => stripVTControlCharacters(row));
}
