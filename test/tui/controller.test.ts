import { describe, expect, test } from "vitest";
import { OPEN_ROOM } from "../../src/client/index.ts";
import { Controller } from "../../src/tui/screen/controller.ts";
import { anchorOf } from "../../src/tui/screen/state.ts";
import { composerOf } from "../../src/view/composer/composers.ts";
import { FakeChat } from "../fakes/fake-chat.ts";

describe("the controller, without any terminal", () => {
  test("TU-21 a wrong command leaves the input line, and Up brings it back", () => {
    const { controller, remembered } = sit();
    write(controller, "/wrong");
    expect(written(controller)).toBe("");
    expect(remembered).toEqual([[OPEN_ROOM.id, "/wrong"]]);
    controller.stroke({ kind: "key", name: "up" });
    expect(written(controller)).toBe("/wrong");
  });

  test("TU-2 what is sent is remembered for its conversation, and what couldn't be sent stays", () => {
    const { chat, controller, remembered } = sit();
    write(controller, "hello");
    expect(chat.submitted).toEqual(["hello"]);
    expect(remembered).toEqual([[OPEN_ROOM.id, "hello"]]);
    chat.set({ link: { kind: "lost", text: "lost", takes: true } });
    write(controller, "again");
    expect(written(controller)).toBe("again");
    expect(remembered).toHaveLength(1);
  });

  test("TU-2 the history of earlier runs is there", () => {
    const { controller } = sit(new Map([["all", ["long ago"]]]));
    controller.stroke({ kind: "key", name: "up" });
    expect(written(controller)).toBe("long ago");
  });

  test("TU-5 sending goes to the newest messages, typing does not", () => {
    const { chat, controller } = sit();
    for (let nth = 0; nth < 100; nth += 1) chat.hear({ from: "bob", text: "hi" });
    controller.stroke({ kind: "key", name: "pageup" });
    controller.stroke({ kind: "text", text: "x" });
    expect(anchorOf(controller.getSnapshot().screen, OPEN_ROOM.id)).not.toBeNull();
    controller.stroke({ kind: "key", name: "enter" });
    expect(anchorOf(controller.getSnapshot().screen, OPEN_ROOM.id)).toBeNull();
  });

  test("TU-5 the pane goes to what a search has found", () => {
    const { chat, controller } = sit();
    for (let nth = 0; nth < 100; nth += 1) chat.hear({ from: "bob", text: "hi" });
    const { current } = chat.getSnapshot();
    chat.set({ current: { ...current, search: { words: "hi", at: 20 } } });
    expect(anchorOf(controller.getSnapshot().screen, OPEN_ROOM.id)?.key).toBeLessThan(20);
    expect(anchorOf(controller.getSnapshot().screen, OPEN_ROOM.id)?.key).toBeGreaterThan(5);
  });

  test("TU-6 neighbours go round, and a number that nobody has does nothing", () => {
    const { chat, controller } = sit();
    chat.hear({ from: "bob", text: "hi" }, "bob");
    chat.hear({ from: "carol", text: "hi" }, "carol");
    const visited = ["alt-down", "alt-down", "alt-down", "alt-up", "alt-7", "alt-2"].map((name) => {
      controller.stroke({ kind: "key", name });
      return chat.getSnapshot().current.title;
    });
    expect(visited).toEqual(["bob", "carol", "ALL", "carol", "carol", "bob"]);
  });
});

test("VW-50 alt-c and alt-x answer about the device that waits, whatever is written meanwhile", () => {
  const { chat, controller } = sit();
  controller.stroke({ kind: "text", text: "half a" });
  controller.stroke({ kind: "key", name: "alt-c" });
  controller.stroke({ kind: "key", name: "alt-x" });
  expect(chat.answeredDevices).toEqual([true, false]);
  expect(written(controller)).toBe("half a");
});

function sit(histories: ReadonlyMap<string, readonly string[]> = new Map()): {
  readonly chat: FakeChat;
  readonly controller: Controller;
  readonly remembered: (readonly [string, string])[];
} {
  const chat = new FakeChat();
  const remembered: (readonly [string, string])[] = [];
  const controller = new Controller({
    chat,
    histories,
    remember: (conversation, text) => void remembered.push([conversation, text]),
    size: () => ({ columns: 80, rows: 24 }),
    redraw: unexpected,
    suspend: unexpected,
    showBare: unexpected,
    leave: unexpected,
    now: () => 0,
    after: unexpected,
  });
  return { chat, controller, remembered };
}

function write(controller: Controller, text: string): void {
  controller.stroke({ kind: "text", text });
  controller.stroke({ kind: "key", name: "enter" });
}

function written(controller: Controller): string {
  return composerOf(controller.getSnapshot().composers, OPEN_ROOM.id).text;
}

function unexpected(): void {
  throw new Error("nobody asked for this");
}
