import { Box, render, Text, useInput } from "ink";
import { createElement, useState, type ReactElement } from "react";
import { classicChat, type ClientEvent, type PadClient } from "../../src/client/classic/index.ts";
import type { EndCause, Outcome } from "../../src/client/index.ts";
import { openTerminal } from "../../src/tui/index.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";
import type { Ends, Face, TerminalPlan } from "./plan.ts";

/** The terminal as people have it, on the real view-models; only the client has no server. */
export async function openChat({ messages }: TerminalPlan, ends: Ends): Promise<Face> {
  const listeners = new Set<(event: ClientEvent) => void>();
  const hear = (nth: number): void => {
    const text = wordsOf(nth);
    for (const listener of listeners) listener({ kind: "message", from: `person${nth % 20}`, to: "ALL", text });
  };
  const chat = createChat({
    client: classicChat({ client: idleClient(listeners), every: () => () => {} }),
    server: "chat-server",
    now: Date.now,
    settings: DEFAULT_SETTINGS,
    troubles: [],
    saveSettings: () => null,
    alert: () => Promise.resolve(null),
  });
  for (let nth = 0; nth < messages; nth += 1) hear(nth);
  void openTerminal({ chat, histories: new Map(), remember: () => {}, ...ends });
  return { hear };
}

/** Ink alone: as many rows of as much text, and a line that grows. */
export function openBare({ columns, rows }: TerminalPlan, ends: Ends): Promise<Face> {
  let hearNext: ((nth: number) => void) | null = null;
  function Bare(): ReactElement {
    const [newest, setNewest] = useState(0);
    const [written, setWritten] = useState("");
    hearNext = setNewest;
    useInput((input, { ctrl }) => setWritten((text) => (ctrl ? "" : text + input)));
    const lines = Array.from({ length: rows - 1 }, (_, nth) => wordsOf(newest + nth).slice(0, columns));
    return createElement(
      Box,
      { flexDirection: "column" },
      lines.map((line, nth) => createElement(Text, { key: nth }, line)),
      createElement(Text, null, `> ${written}`),
    );
  }
  render(createElement(Bare), {
    ...ends,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 1000,
    patchConsole: false,
    interactive: true,
  });
  return Promise.resolve({ hear: (nth) => hearNext?.(nth) });
}

/** 10 to 110 small letters, in every third not all ASCII: chat, and now and then a paragraph. */
function wordsOf(nth: number): string {
  const words = nth % 3 === 0 ? "für ipsum dolor sit amet " : "lorem ipsum dolor sit amet ";
  return words.repeat(5).slice(0, 10 + ((nth * 37) % 101));
}

function idleClient(listeners: Set<(event: ClientEvent) => void>): PadClient {
  return {
    id: "alice",
    state: { kind: "online", operator: false },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    online: () => Promise.resolve({ kind: "online", operator: false }),
    ended: never<EndCause>,
    close: () => Promise.resolve(),
    broadcast: take,
    send: take,
    list: () => Promise.resolve({ kind: "answered", value: Array.from({ length: 20 }, (_, nth) => `person${nth}`) }),
    info: never,
    help: never,
    kick: take,
    ban: take,
    unban: take,
    listBans: never,
    serverInfo: never,
  };
}

function take(): Promise<Outcome> {
  return Promise.resolve({ kind: "taken" });
}

/** A question that nobody asks while keys are timed. */
function never<T>(): Promise<T> {
  return new Promise(() => {});
}
