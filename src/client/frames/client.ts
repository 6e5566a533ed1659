import type { ReplyBody, RequestBody, RequestType } from "../../wire/frames/requests.ts";
import { Lifecycle } from "../index.ts";
import { Listeners } from "../listeners.ts";
import { after } from "../transport/index.ts";
import type { Answer, FrameOptions, FramesClient, FramesEvent } from "./frames-client.ts";
import { FrameSession } from "./session.ts";
import { FRAME_TIMINGS } from "./timings.ts";

/** Starts to connect, and returns at once. Throws a RangeError for a port that is none. */
export function connectFrames(options: FrameOptions): FramesClient {
  return new Client(options);
}

class Client implements FramesClient {
  readonly #listeners = new Listeners<FramesEvent>();
  readonly #life: Lifecycle<FrameSession>;
  #name: string | null = null;
  #isRenewing = false;

  constructor(options: FrameOptions) {
    const timings = { ...FRAME_TIMINGS, ...options.timings };
    this.#life = new Lifecycle({
      open: (life) =>
        new FrameSession(options, timings, {
          online: (operator) => life.online(operator),
          ended: (end) => life.ended(end),
          operator: (operator) => {
            const isNews = life.operator(operator);
            if (isNews) this.#listeners.tell({ kind: "operator", operator });
            return isNews;
          },
          again: () => void (this.#isRenewing = true),
          event: (event) => {
            if (event.kind === "welcomed") this.#name = event.reply.name;
            this.#listeners.tell(event);
          },
        }),
      tell: (state) => {
        this.#listeners.tell({ kind: "state", state });
        if (state.kind !== "waiting" || !this.#isRenewing) return;
        this.#isRenewing = false;
        queueMicrotask(() => this.hurry());
      },
      after,
      random: options.random ?? Math.random,
      reconnect: options.reconnect ?? "lost",
      backOff: timings,
      stable: timings.stable,
    });
    const { signal } = options;
    const onAbort = () => void this.close();
    signal?.addEventListener("abort", onAbort, { once: true });
    void this.ended().then(() => signal?.removeEventListener("abort", onAbort));
    if (signal?.aborted === true) this.#life.endFor({ kind: "left" });
    else this.#life.start();
  }

  get state() {
    return this.#life.state;
  }

  get name() {
    return this.#name;
  }

  onEvent(listener: (event: FramesEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  online = () => this.#life.online();
  ended = () => this.#life.ended();
  close = () => this.#life.close();
  hurry = () => this.#life.hurry();
  renew = () => this.#life.session?.again();

  async request<T extends RequestType>(type: T, body: RequestBody<T>): Promise<Answer<ReplyBody<T>>> {
    if (this.#life.isClosing) return { kind: "not-sent", why: "ended" };
    return this.#life.session?.request(type, body) ?? { kind: "not-sent", why: "offline" };
  }

  hold(): () => void {
    return this.#life.session?.hold() ?? (() => {});
  }
}
