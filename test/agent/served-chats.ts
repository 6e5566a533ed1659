import { cpSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { agentChat } from "../../src/agent/chat/index.ts";
import type { AgentChat } from "../../src/agent/chat/index.ts";
import { startDevice } from "../../src/agent/runtime/device-runtime.ts";
import type { DeviceRuntime, RuntimeOptions } from "../../src/agent/runtime/runtime.ts";
import type { KnownServer } from "../../src/agent/runtime/introduce.ts";
import type { AgentStore } from "../../src/agent/storage/ports.ts";
import { openDatabase } from "../../src/agent/storage/sqlite/database.ts";
import { storeInThisThread } from "../../src/agent/storage/sqlite/store.ts";
import type { ChatEvent, ChatMessage, Conversation, Outcome, Reply } from "../../src/client/index.ts";
import type { Config } from "../../src/config/config.ts";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import type { TestServerOptions } from "../helpers/server.ts";
import { deviceScratch } from "./device-scratch.ts";
import type { DeviceScratch } from "./device-scratch.ts";
import { servedServer } from "./served-server.ts";

/** A person at their one device: what faces see of it. Its files outlive it. */
export interface ServedChat {
  readonly name: string;
  readonly chat: AgentChat;
  readonly runtime: DeviceRuntime;
  readonly store: AgentStore;
  readonly place: DeviceScratch;
  /** All that was told since it started. */
  readonly events: ChatEvent[];
  conversation(words: string): Conversation;
  send(words: string, text: string): Promise<Outcome>;
  /** The conversation's texts as a face shows them, oldest first: `from: text`, what stands for others in brackets. */
  lines(words: string): Promise<readonly string[]>;
  messages(words: string): Promise<readonly ChatMessage[]>;
  /** Has seen everybody who reads there. */
  look(words: string): Promise<void>;
  stop(): Promise<void>;
  /** `wrap`: of this time's store. */
  start(wrap?: (store: AgentStore) => AgentStore): void;
}

/** The real server over a SQLite store, and the chats of people without a tailnet. */
export interface ChatWorld {
  /** One who is about to connect. */
  make(name: string, options?: Partial<RuntimeOptions>, wrap?: (store: AgentStore) => AgentStore): ServedChat;
  /** Another agent on a copy of that one's files, as they are now; not started. It must be stopped. */
  copyOf(person: ServedChat, options?: Partial<RuntimeOptions>): ServedChat;
  arrive(...names: readonly string[]): Promise<readonly ServedChat[]>;
  /** The condition is looked at again whenever a device tells something, and with `lookAgain`, for what no device tells. */
  until(condition: () => Promise<boolean> | boolean): Promise<void>;
  lookAgain(): void;
  /** Where its server is. */
  port(): number;
  /** Copies of all the stopped server's files; and back, so that it knows nothing of it. */
  copyAway(): string;
  copyBack(copy: string): void;
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** A backup of the running server; and, of the stopped one, that backup in the place of what it has. */
  backUp(): Promise<string>;
  restore(backup: string): void;
  /** Somebody with a classic client. */
  classic(name: string): Promise<ClassicPeer>;
  readonly failures: unknown[];
  end(): Promise<void>;
}

const AS_IT_IS = (store: AgentStore): AgentStore => store;
const QUICK = { firstDelay: 10, longestDelay: 50 };

/** @param config what differs of the server's configuration. */
export async function chatWorld(
  config: Partial<Config> = {},
  around: Pick<TestServerOptions, "tailscaleSocket" | "timings"> = {},
): Promise<ChatWorld> {
  const server = await servedServer(config, around);
  const people: ServedChat[] = [];
  const failures: unknown[] = [];
  const failed = (error: unknown) => failures.push(error);
  let told = Promise.withResolvers<void>();
  const world: ChatWorld = {
    failures,
    async classic(name) {
      return await server.running().join(name);
    },
    make: makePerson,
    copyOf(person, options = {}) {
      const copy = standBy(person.name, options, AS_IT_IS);
      for (const file of ["folder", "keyFile"] as const) {
        mkdirSync(dirname(copy.place[file]), { recursive: true, mode: 0o700 });
        cpSync(person.place[file], copy.place[file], { recursive: true });
      }
      return copy;
    },
    port: () => server.port(),
    async arrive(...names) {
      const arrived: ServedChat[] = [];
      // In their order: who is the first to register is the operator.
      for (const name of names) {
        const person = makePerson(name);
        arrived.push(person);
        await person.chat.online();
        await person.runtime.settled();
      }
      // Also of who comes after: whoever looks at once has seen them all.
      await world.until(() => arrived.every((one) => hasSeen(one, names)));
      return arrived;
    },
    async until(condition) {
      for (;;) {
        const next = told.promise;
        if (await condition()) return;
        await next;
      }
    },
    lookAgain,
    copyAway: () => server.copyAway(),
    copyBack: (copy) => server.copyBack(copy),
    stopServer: async () => await server.stop(),
    startServer: async () => await server.start(),
    backUp: async () => await server.backUp(),
    restore: (backup) => server.restore(backup),
    async end() {
      for (const one of people) {
        await one.stop();
        one.place.remove();
      }
      await server.end();
    },
  };
  return world;

  function lookAgain(): void {
    const { resolve } = told;
    told = Promise.withResolvers();
    resolve();
  }

  /** `wrap`: of its first time's store. */
  function makePerson(name: string, options: Partial<RuntimeOptions> = {}, wrap = AS_IT_IS): ServedChat {
    const person = standBy(name, options, wrap);
    person.start();
    return person;
  }

  function standBy(
    name: string,
    options: Partial<RuntimeOptions>,
    wrap: (store: AgentStore) => AgentStore,
  ): ServedChat {
    const place = deviceScratch();
    let hasStarted = false;
    let parts: { store: AgentStore; runtime: DeviceRuntime; chat: AgentChat } | null = null;
    let known: KnownServer | undefined;
    const running = () => {
      if (parts === null) throw new Error(`${name} isn't running`);
      return parts;
    };
    const person: ServedChat = {
      name,
      place,
      events: [],
      get chat() {
        return running().chat;
      },
      get runtime() {
        return running().runtime;
      },
      get store() {
        return running().store;
      },
      conversation(words) {
        const found = person.chat.named(words);
        if (found === null) throw new Error(`${name} has no ${words}`);
        return found;
      },
      send: async (words, text) => await person.chat.send(person.conversation(words).id, text),
      messages: async (words) => answered(await person.chat.page(person.conversation(words).id, null, 100)).messages,
      async lines(words) {
        return (await person.messages(words)).map(({ from, text, sealed }) => {
          const line = `${from}: ${text}`;
          return sealed === undefined || sealed.body === "text" ? line : `(${line})`;
        });
      },
      async look(words) {
        await person.chat.acceptReaders(person.conversation(words).id);
      },
      async stop() {
        if (parts === null) return;
        const { chat, store } = parts;
        await chat.close();
        await chat.settled();
        parts = null;
        await store.close();
      },
      start(wrapNow) {
        const store = (wrapNow ?? (hasStarted ? AS_IT_IS : wrap))(storeInThisThread(openDatabase(place)));
        hasStarted = true;
        const runtime = startDevice({
          server: { host: "127.0.0.1", port: server.port() },
          store,
          name,
          deviceLabel: `${name}'s laptop`,
          timings: QUICK,
          companionTimings: { first: 50, spread: 10 },
          ...options,
          ...(known === undefined ? {} : { known }),
          onEvent: (event) => {
            if (event.kind === "failed") failures.push(event.error);
            if (event.kind === "client" && event.event.kind === "welcomed") known = event.event.hello;
            lookAgain();
          },
        });
        const chat = agentChat({ runtime, store, name, failed });
        person.events.length = 0;
        chat.onEvent((event) => {
          person.events.push(event);
          lookAgain();
        });
        parts = { store, runtime, chat };
      },
    };
    people.push(person);
    return person;
  }
}

/** Whether it is in #everyone, and these with it. */
function hasSeen({ chat }: ServedChat, names: readonly string[]): boolean {
  const everyone = chat.named("#everyone");
  return everyone?.kind === "sealed-room" && names.every((name) => everyone.readers.includes(name));
}

export function answered<T>(reply: Reply<T>): T {
  if (reply.kind !== "answered") throw new Error(JSON.stringify(reply));
  return reply.value;
}
