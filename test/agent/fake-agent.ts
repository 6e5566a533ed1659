import { join } from "node:path";
import { attach } from "../../src/agent/face/index.ts";
import type { AttachOptions, Attached } from "../../src/agent/face/index.ts";
import { startAgent } from "../../src/agent/service/agent.ts";
import type { AgentOptions, Started } from "../../src/agent/service/agent.ts";
import type { DeviceOptions, ServedChat } from "../../src/agent/service/ports.ts";
import { serversIn } from "../../src/agent/service/servers.ts";
import { agentPlace } from "../../src/agent/wire/place.ts";
import type { SealedChat } from "../../src/client/index.ts";
import { makeFolder } from "../../src/disk/make-folder.ts";
import { FakeSealedWorld, type FakeSealedChat } from "../helpers/fake-sealed-world.ts";
import { scratchFolder } from "../helpers/program.ts";

/** An address at which nobody need be: this person's agents know it from before. */
export const SERVER = { host: "chat.example", port: 12345 };
const SERVER_ID = "AAAAAAAAAAAAAAAAAAAAAA";

/** No device is invited, and none is invited itself. */
const ALONE = {
  comeIn: () => {},
  useToken: async () => await Promise.resolve(),
  isAwaited: async () => await Promise.resolve(false),
};

/** The agent's own process side in this process, over real sockets; what it serves is a fake, and outlives it as a store would. */
export class FakeAgents {
  readonly world = new FakeSealedWorld();
  readonly state: string;
  readonly log: string[] = [];
  readonly opened: DeviceOptions[] = [];
  /** Whose connection was to be tried at once. */
  readonly hurried: string[] = [];
  /** Per person: what their device's store would hold. */
  readonly chats = new Map<string, FakeSealedChat>();
  /** What is held when a device is opened. */
  held: ServedChat["held"] = [];
  starts = 0;
  /** Messages that wait to be sent, and how often an agent has looked. */
  waiting = 0;
  looked = 0;
  readonly #stop: AbortController[] = [];
  readonly #ended: Promise<void>[] = [];

  constructor(state = join(scratchFolder(), "state")) {
    this.state = state;
  }

  get place() {
    return agentPlace(this.state);
  }

  /** As after an earlier visit: nobody need be asked. */
  know(name: string, server = SERVER, id = SERVER_ID): void {
    makeFolder(this.place.folder);
    const known = { server: { id }, you: { owner: null, label: "" } };
    serversIn(this.place.folder, () => {}).keep(server, { known, name });
  }

  async start(options: Partial<AgentOptions> = {}): Promise<Started> {
    const stop = new AbortController();
    this.#stop.push(stop);
    const started = await startAgent({
      place: this.place,
      version: "0.1.0",
      machine: "0123456789abcdef0123456789abcdef",
      open: async (device) => {
        this.opened.push(device);
        const chat = this.#served(device.name);
        const hurry = () => void this.hurried.push(device.name);
        return { ...ALONE, chat, hurry, waiting: () => Promise.resolve(this.#look()), close: () => Promise.resolve() };
      },
      reach: () => Promise.resolve({}),
      log: (line) => this.log.push(line),
      idle: null,
      stop: stop.signal,
      ...options,
    });
    if (started.kind === "running") {
      this.starts += 1;
      this.#ended.push(started.ended);
    }
    return started;
  }

  /** A face; where no agent runs, one is started in this process. */
  attach(options: Partial<AttachOptions> = {}): Promise<Attached> {
    return attach(
      { server: SERVER, name: null, suggest: () => Promise.resolve(["alice"]), state: this.state, env: {}, ...options },
      async () => {
        const started = await this.start();
        return started.kind === "failed" ? { ...started, kind: "folder" } : { kind: "ready" };
      },
    );
  }

  async face(options: Partial<AttachOptions> = {}): Promise<SealedChat> {
    const attached = await this.attach(options);
    if (attached.kind !== "attached") throw new Error(JSON.stringify(attached));
    return attached.chat;
  }

  /** As SIGTERM does. */
  async end(): Promise<void> {
    for (const stop of this.#stop.splice(0)) stop.abort("SIGTERM");
    await Promise.all(this.#ended.splice(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #look(): number {
    this.looked += 1;
    return this.waiting;
  }

  /** Keeps ids as a store would: what was written under one is not written again. */
  #served(name: string): ServedChat {
    const before = this.chats.get(name);
    if (before !== undefined) return Object.assign(before, { held: [...this.held] });
    const chat = this.world.join(name);
    this.chats.set(name, chat);
    const outcomes = new Map<string, ReturnType<SealedChat["send"]>>();
    const send = chat.send.bind(chat);
    const served: ServedChat = Object.assign(chat, {
      held: [...this.held],
      send: (...[conversation, text, options]: Parameters<ServedChat["send"]>) => {
        const id = options?.id ?? "";
        const outcome = outcomes.get(id) ?? send(conversation, text, options);
        outcomes.set(id, outcome);
        return outcome;
      },
    });
    return served;
  }
}
