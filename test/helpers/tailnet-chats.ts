import { onTestFinished } from "vitest";
import { agentChat } from "../../src/agent/chat/index.ts";
import type { AgentChat } from "../../src/agent/chat/index.ts";
import type { OwnTailnet } from "../../src/agent/chat/own-tailnet.ts";
import { startDevice } from "../../src/agent/runtime/device-runtime.ts";
import { openDatabase } from "../../src/agent/storage/sqlite/database.ts";
import { storeInThisThread } from "../../src/agent/storage/sqlite/store.ts";
import { ownTailnet } from "../../src/agent/own-tailnet/own-tailnet.ts";
import type { ChatEvent, Conversation, Outcome, Reply } from "../../src/client/index.ts";
import { createLocalApi } from "../../src/tailnet/local-api/client.ts";
import { deviceScratch } from "../agent/device-scratch.ts";
import type { FakeLocalApi } from "../fakes/fake-local-api.ts";
import type { Scene } from "./tailnet.ts";

/** A person's or machine's device in a scene: its chat as faces see it. It ends with the test. */
export interface TailnetChat {
  readonly chat: AgentChat;
  readonly events: ChatEvent[];
  /** Resolves when its device has come in, and has published what others need to reach it. */
  arrived(): Promise<void>;
  conversation(words: string): Conversation;
  send(words: string, text: string): Promise<Outcome>;
  /** Resolves when it is so; asked again with each thing that is told. */
  until(isSo: () => boolean): Promise<void>;
}

/** A device at that node of the tailnet; `own`: what it asks of its own tailscaled. */
export function startChat(
  { fake, server }: Scene,
  node: string,
  { name, own = null }: { readonly name: string; readonly own?: OwnTailnet | null },
): TailnetChat {
  const place = deviceScratch();
  const store = storeInThisThread(openDatabase(place));
  const failures: unknown[] = [];
  const failed = (error: unknown) => void failures.push(error);
  const runtime = startDevice({
    server: { host: "127.0.0.1", port: server.port },
    open: async (address) => await fake.dial(node, address.port),
    store,
    name,
    deviceLabel: node,
    onEvent: (event) => event.kind === "failed" && failed(event.error),
  });
  const chat = agentChat({ runtime, store, tailnet: own, name, failed });
  const events: ChatEvent[] = [];
  let told = Promise.withResolvers<void>();
  chat.onEvent((event) => {
    events.push(event);
    told.resolve();
    told = Promise.withResolvers();
  });
  onTestFinished(async () => {
    await chat.close();
    await store.close();
    place.remove();
    if (failures.length > 0) throw new AggregateError(failures, `${name}'s device failed`);
  });
  const conversation = (words: string): Conversation => {
    const found = chat.named(words);
    if (found === null) throw new Error(`${name} has no ${words}`);
    return found;
  };
  return {
    chat,
    events,
    async arrived() {
      await chat.online();
      await runtime.settled();
    },
    conversation,
    send: async (words, text) => await chat.send(conversation(words).id, text),
    async until(isSo) {
      while (!isSo()) await told.promise;
    },
  };
}

/** Whom they can read with, by name. */
export function readersOf(person: TailnetChat, words: string): readonly string[] {
  const found = person.conversation(words);
  return "readers" in found ? found.readers : [];
}

/** What that tailscaled says, asked as an agent asks it. */
export function tailnetOf(fake: FakeLocalApi): OwnTailnet {
  const api = createLocalApi({
    find: () => Promise.resolve([{ kind: "socket", path: fake.path }]),
    statusTimeout: 200,
  });
  onTestFinished(() => api.close());
  return ownTailnet({ api });
}

export function answered<T>(reply: Reply<T>): T {
  if (reply.kind !== "answered") throw new Error(JSON.stringify(reply));
  return reply.value;
}
