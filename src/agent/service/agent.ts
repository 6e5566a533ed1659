import { once } from "node:events";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { join } from "node:path";
import { visibleLine } from "../../text/visible.ts";
import type { AgentStatus, ControlReply, StopWhen } from "../wire/messages.ts";
import type { AgentPlace } from "../wire/place.ts";
import { PROTOCOL } from "../wire/version.ts";
import { FaceConnection } from "./face-connection.ts";
import type { FaceRights } from "./guests.ts";
import { prepareFolder } from "./folder.ts";
import { Lives } from "./lives.ts";
import { takeLock } from "./lock.ts";
import type { Lock } from "./lock.ts";
import { ownershipOf, ownFolder } from "../storage/owner-file.ts";
import type { OwnerFile, Ownership } from "../storage/owner-file.ts";
import type { Log, OpensDevice, Reach } from "./ports.ts";
import { serversIn } from "./servers.ts";
import { shareSocket } from "./shared-socket.ts";
import type { SharedSocket } from "./shared-socket.ts";
import { watchSleep } from "./sleep.ts";
import { fileIdentity, watchPlace } from "./watch-place.ts";

export interface AgentOptions {
  readonly place: AgentPlace;
  /** A socket beside its own, for a group; null: none. Default null. */
  readonly shared?: string | null;
  /** The package's. */
  readonly version: string;
  /** What tells this machine from others. */
  readonly machine: string;
  readonly open: OpensDevice;
  readonly reach: Reach;
  readonly log: Log;
  /** Milliseconds without a face, and with nothing to send, after which it ends; null: it stays. */
  readonly idle: number | null;
  /** Aborting it ends the agent. */
  readonly stop: AbortSignal;
  /** Whether devices that were used before are there without a face's asking. */
  readonly openKnown?: boolean;
  readonly probeTimeout?: number;
  readonly tidyAfter?: number;
  readonly watchEvery?: number;
  /** Default: as this machine and its disk are. */
  readonly ownership?: Ownership;
  /** Another machine's agent has the folder. Default: this process is killed. */
  readonly taken?: () => void;
}

export type Started =
  | { readonly kind: "running"; readonly ended: Promise<void> }
  /** This user has one already, and it answers. */
  | { readonly kind: "there-already" }
  | { readonly kind: "failed"; readonly text: string };

/** Connections at once; more are turned away. */
const MOST_CONNECTIONS = 300;
/** Of those by the shared socket, so that nobody in its group keeps the agent's own user out. */
const MOST_GUESTS = 200;
/** Milliseconds for whoever started it to come, and until it looks again whether something waits. */
const FIRST_FACE = 10_000;
const AGAIN = 1000;
/** Milliseconds between two looks at the socket's file. */
const WATCH_EVERY = 3000;
/** Milliseconds for an agent that ends to let go of its lock. */
const LOCK_TIMEOUT = 15_000;
/** Milliseconds for lives to close; what isn't on the disk then was promised to nobody. */
const CLOSE_TIMEOUT = 10_000;

/** Starts this user's agent, unless there is one. Never rejects. */
export async function startAgent(options: AgentOptions): Promise<Started> {
  const { place, machine } = options;
  const wrong = prepareFolder(place, machine);
  if (wrong !== null) return { kind: "failed", text: wrong };
  try {
    const lock = await takeLock(join(place.folder, "lock"), {
      timeout: LOCK_TIMEOUT,
      isPointless: () => isAnswered(place.socket),
    });
    if (lock !== null) return await startWith(lock, options);
    return (await isAnswered(place.socket))
      ? { kind: "there-already" }
      : { kind: "failed", text: `Another agent has ${place.folder} and does not answer. End it, then try again.` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "failed", text: `The agent can't start in ${place.folder}: ${why}` };
  }
}

async function startWith(lock: Lock, options: AgentOptions): Promise<Started> {
  const { folder } = options.place;
  const owner = await ownFolder(join(folder, "owner"), options.ownership ?? ownershipOf(folder));
  if ("look" in owner) return await new Agent(options, lock, owner).start();
  lock.release();
  const text = `${folder} is in use by your agent on ${visibleLine(owner.host)}, and a device can't be shared. Name another state folder here (XDG_STATE_HOME), and this machine becomes a device of its own; or end that agent first (pad agent stop, there).`;
  return { kind: "failed", text };
}

/** Whether an agent takes connections there. */
async function isAnswered(socket: string): Promise<boolean> {
  const connection = connect(socket);
  try {
    await once(connection, "connect");
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}

class Agent {
  readonly #options: AgentOptions;
  readonly #lock: Lock;
  readonly #owner: OwnerFile;
  readonly #lives: Lives;
  #server: Server;
  readonly #connections = new Set<FaceConnection>();
  #guests = 0;
  readonly #ended = Promise.withResolvers<void>();
  readonly #since = Date.now();
  readonly #stopWatching: () => void;
  #watch: (() => void) | null = null;
  #shared: SharedSocket | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isEnding = false;

  constructor(options: AgentOptions, lock: Lock, owner: OwnerFile) {
    this.#options = options;
    this.#lock = lock;
    this.#owner = owner;
    const { folder } = options.place;
    this.#lives = new Lives({ ...options, folder, owner: owner.mark, servers: serversIn(folder, options.log) });
    this.#stopWatching = watchSleep(() => {
      options.log("woke up");
      void this.#lives.awake();
    });
    this.#server = this.#makeServer();
  }

  async start(): Promise<Started> {
    const { place, stop, log } = this.#options;
    // Whoever has the lock is the agent: what lies there is left of one that was killed.
    rmSync(place.socket, { force: true });
    try {
      writeFileSync(place.pid, `${process.pid}\n`, { mode: 0o600 });
      this.#watch = watchPlace(place, {
        socket: await this.#listen(),
        every: this.#options.watchEvery ?? WATCH_EVERY,
        owner: this.#owner,
        socketGone: async () => await this.#listenAnew(),
        taken: () => this.#taken(),
        folderGone: () => {
          log("its folder was taken away or replaced");
          void this.#end("ending");
        },
      });
      await this.#share();
    } catch (error) {
      this.#watch?.();
      this.#stopWatching();
      this.#server.close();
      this.#owner.release();
      this.#lock.release();
      throw error;
    }
    stop.addEventListener("abort", () => void this.#end("ending"), { once: true });
    if (stop.aborted) void this.#end("ending");
    log(`agent ${this.#options.version} (${process.pid}) listens on ${place.socket}`);
    if (this.#options.openKnown === true) void this.#lives.openKnown();
    this.#rest(FIRST_FACE);
    return { kind: "running", ended: this.#ended.promise };
  }

  /** Nothing is closed: what that would write now would go over what the other one has written. */
  #taken(): void {
    this.#options.log("another machine's agent has its folder now");
    const { taken = () => process.kill(process.pid, "SIGKILL") } = this.#options;
    taken();
  }

  #makeServer(): Server {
    return createServer((socket) => this.#connected(socket, "owner"));
  }

  async #share(): Promise<void> {
    const { shared: path = null, log } = this.#options;
    if (path === null) return;
    this.#shared = await shareSocket(path, {
      isAnswered: async () => await isAnswered(path),
      connected: (socket) => this.#connected(socket, "guest"),
    });
    log(`shares ${path} with the group of its folder`);
  }

  /** Gives what tells this socket's file from others. */
  async #listen(): Promise<string> {
    const { place, log } = this.#options;
    const server = this.#server;
    server.listen(place.socket);
    await once(server, "listening");
    chmodSync(place.socket, 0o600);
    server.on("error", (error) => log(`the socket: ${error.message}`));
    return fileIdentity(place.socket) ?? "";
  }

  /** Somebody has deleted or replaced the socket's file: whoever is attached stays, and others find the new one. */
  async #listenAnew(): Promise<string> {
    this.#options.log("its socket was taken away; it listens anew");
    // Takes its file away, or whatever lies there.
    this.#server.close();
    rmSync(this.#options.place.socket, { force: true });
    this.#server = this.#makeServer();
    return await this.#listen();
  }

  #connected(socket: Socket, rights: FaceRights): void {
    const { version, log } = this.#options;
    const isOwner = rights === "owner";
    const face = new FaceConnection(socket, {
      rights,
      first: { padserve: "agent", protocol: PROTOCOL, version, pid: process.pid },
      find: async (wanted) => await this.#lives.find(isOwner ? wanted : { ...wanted, token: null, isGuest: true }),
      status: async () => await this.#status(),
      forget: (server) => (isOwner ? this.#lives.forget(server) : "not-allowed"),
      revive: (life) => void this.#lives.revive(life).catch((error: unknown) => this.#options.log(String(error))),
      stop: (when, asker) => (isOwner ? this.#stop(when, asker) : "in-use"),
      attached: () => clearTimeout(this.#idle),
      ended: (ended, why) => {
        if (this.#connections.delete(ended) && !isOwner) this.#guests -= 1;
        if (why !== "closed") log(`a face is gone: ${why}`);
        if (!this.#isEnding) this.#lives.tidySoon();
        this.#rest();
      },
      failed: (error) =>
        log(`a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    });
    const isFull = this.#connections.size >= MOST_CONNECTIONS || (!isOwner && this.#guests >= MOST_GUESTS);
    if (isFull) face.bye("too-many");
    else if (this.#isEnding) face.bye("ending");
    else {
      this.#connections.add(face);
      if (!isOwner) this.#guests += 1;
    }
  }

  async #status(): Promise<AgentStatus> {
    const { version, idle, place } = this.#options;
    return {
      pid: process.pid,
      version,
      since: this.#since,
      stays: idle === null,
      folder: place.folder,
      faces: this.#faces(),
      devices: await this.#lives.status(),
    };
  }

  #stop(when: StopWhen, asker: FaceConnection): ControlReply<"stop">["kind"] {
    const others = [...this.#connections].filter((face) => face !== asker && face.isAttached);
    if (when === "unused" && others.length > 0) return "in-use";
    // Behind the answer.
    setImmediate(() => void this.#end(when === "always" ? "stopped" : "ending"));
    return "stopping";
  }

  #faces(): number {
    return [...this.#connections].filter(({ isAttached }) => isAttached).length;
  }

  /** Begins to wait for the end, where nobody is attached. */
  #rest(atLeast = 0): void {
    clearTimeout(this.#idle);
    const { idle } = this.#options;
    if (idle === null || this.#isEnding || this.#isUsed()) return;
    this.#idle = setTimeout(() => void this.#endIfUnused(), Math.max(idle, atLeast));
  }

  #isUsed(): boolean {
    return [...this.#connections].some(({ isAttached, isAttaching }) => isAttached || isAttaching);
  }

  async #endIfUnused(): Promise<void> {
    const isWaiting = await this.#lives.isWaiting();
    // Somebody may have come while the stores were asked.
    if (isWaiting || this.#isUsed()) this.#rest(AGAIN);
    else await this.#end("ending");
  }

  async #end(why: "stopped" | "ending"): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearTimeout(this.#idle);
    this.#stopWatching();
    this.#watch?.();
    this.#options.log(`ends: ${why}`);
    for (const face of this.#connections) face.bye(why);
    this.#server.close();
    this.#shared?.close();
    const closed = await Promise.race([this.#lives.close().then(() => "closed"), after(CLOSE_TIMEOUT)]);
    if (closed !== "closed") this.#options.log("a device did not close in time");
    this.#owner.release();
    this.#lock.release();
    this.#ended.resolve();
  }
}

async function after(milliseconds: number): Promise<"late"> {
  const { promise, resolve } = Promise.withResolvers<"late">();
  setTimeout(() => resolve("late"), milliseconds).unref();
  return await promise;
}
