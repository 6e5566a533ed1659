import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classicDirect, idOf, OPEN_ROOM } from "../../client/index.ts";
import {
  ALL_BYTES,
  bounded,
  emptyConversation,
  insert,
  MOST_CONVERSATIONS,
  replace,
  SCROLLBACK,
  SCROLLBACK_BYTES,
} from "./conversations.ts";
import type { Conversation, Entry } from "./snapshot.ts";

function said(key: number, place = key, text = `${key}`): Entry {
  const delivery = { kind: "sending" } as const;
  return { kind: "message", key, place, at: 0, from: "bob", text, own: true, emote: false, mention: false, delivery };
}

const ROOM = emptyConversation(OPEN_ROOM);

describe("what is kept", () => {
  test("VW-16 a conversation keeps the newest entries", () => {
    const full: Conversation = { ...ROOM, entries: Array.from({ length: SCROLLBACK }, (_, key) => said(key)) };
    const room = insert(full, said(SCROLLBACK), said(SCROLLBACK + 1));
    expect(room.entries).toHaveLength(SCROLLBACK);
    expect([room.entries[0]?.key, room.entries.at(-1)?.key]).toEqual([2, SCROLLBACK + 1]);
  });

  test("VW-16 a conversation keeps so many bytes, counted as they come and go, and always the newest entry", () => {
    const line = "x".repeat(32_000);
    let room = ROOM;
    for (let key = 0; key < 200; key += 1) room = insert(room, said(key, key, line));
    expect(room.bytes).toBeLessThanOrEqual(SCROLLBACK_BYTES);
    expect(room.bytes).toBe(room.entries.length * 2 * (line.length + 3));
    expect(room.entries.at(-1)?.key).toBe(199);
    room = insert(room, said(200, 200, "x".repeat(SCROLLBACK_BYTES)));
    expect(room.entries.map(({ key }) => key)).toEqual([200]);
  });

  test("VW-16 all conversations together keep so many bytes: the longest lose first", () => {
    const many = Array.from({ length: 12 }, (_, nth) => ({
      ...insert(
        emptyConversation(classicDirect(`p${nth}`)),
        said(nth * 2, nth * 2, "a"),
        said(nth * 2 + 1, nth * 2 + 1, "x".repeat(1_900_000 + nth)),
      ),
    }));
    const rest = bounded(many, new Set());
    expect(rest).toHaveLength(12);
    expect(many.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(ALL_BYTES);
    expect(rest.some((one, nth) => one.entries.length < (many[nth]?.entries.length ?? 0))).toBe(true);
  });

  test("VW-16 however many names write, so many conversations are kept: the unread ones and the current one first", () => {
    const all = Array.from({ length: MOST_CONVERSATIONS + 10 }, (_, nth) => ({
      ...insert(emptyConversation(classicDirect(`p${nth}`)), said(nth)),
      unread: nth < 5 ? 1 : 0,
    }));
    const kept = all[6]?.id ?? ROOM.id;
    const rest = bounded([ROOM, ...all], new Set([ROOM.id, kept]));
    expect(rest).toHaveLength(MOST_CONVERSATIONS);
    expect(rest.slice(0, 8).map(({ title }) => title)).toEqual(["ALL", "p0", "p1", "p2", "p3", "p4", "p6", "p17"]);
  });
});

describe("the order", () => {
  test("VW-21 entries stand in the order of their places, whenever they came", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { maxLength: 50 }), (places) => {
        const room = insert(ROOM, ...places.map((place, key) => said(key, place)));
        expect(room.entries.map(({ place }) => place)).toEqual(places.toSorted((one, other) => one - other));
      }),
    );
  });

  test("VW-21 an own message without a place stands last, and moves to its place when it has one", () => {
    const room = insert(ROOM, said(1, 10), said(2, Infinity), said(3, 20));
    expect(room.entries.map(({ key }) => key)).toEqual([1, 3, 2]);
    const placed = replace(room, said(2, 15));
    expect(placed.entries.map(({ key }) => key)).toEqual([1, 2, 3]);
    expect(placed.bytes).toBe(room.bytes);
  });

  test("VW-1 news of a message that is no longer kept change nothing", () => {
    const room = insert(ROOM, said(5));
    expect(replace(room, said(4))).toBe(room);
    expect(replace(room, { ...said(5), text: "6" }).entries).toMatchObject([{ key: 5, text: "6" }]);
  });

  test("VW-22 the classic and the sealed conversation with one person are two", () => {
    const sealed = { kind: "sealed-direct", id: idOf("sealed-direct", "bob"), title: "bob", readers: ["bob"] } as const;
    expect(emptyConversation(sealed)).toMatchObject({ title: "bob", serverReads: false, readers: "bob" });
    expect(emptyConversation(classicDirect("bob"))).toMatchObject({ title: "bob", serverReads: true });
    expect(emptyConversation(sealed).id).not.toBe(emptyConversation(classicDirect("bob")).id);
  });
});
