import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ServerAddress } from "../../client/transport/index.ts";
import { formatAddress } from "../../client/transport/index.ts";
import type { EndCause } from "../../client/index.ts";
import { ownerOf } from "../runtime/introduce.ts";
import { AgentStoreError } from "../storage/errors.ts";
import type { OwnerMark } from "../storage/owner-file.ts";
import type { AgentStatus, AttachReply } from "../wire/messages.ts";
import { Life } from "./life.ts";
import type { Log, OpensDevice, Reach } from "./ports.ts";
import { probe } from "./probe.ts";
import type { Probed } from "./probe.ts";
import { deviceKey } from "./servers.ts";
import type { KnownDevice, Servers } from "./servers.ts";

export interface LivesOptions {
  readonly folder: string;
  /** What says that it is this agent's. Default null: its lock does. */
  readonly owner?: OwnerMark | null;
  readonly servers: Servers;
  readonly open: OpensDevice;
  readonly reach: Reach;
  readonly log: Log;
  /** Milliseconds, both. */
  readonly probeTimeout?: number;
  readonly tidyAfter?: number;
}

export interface Wanted {
  readonly server: ServerAddress;
  readonly name: string | null;
  readonly suggested: readonly string[];
  /** For a device that isn't confirmed yet; null: none. */
  readonly token: string | null;
  /** It is asked for by the shared socket. Default false. */
  readonly isGuest?: boolean;
}

/** What whoever asks for a device has said of it. */
interface Given {
  readonly isNamed: boolean;
  /** No name was said: this one is taken again where none is. */
  readonly isDefault: boolean;
  readonly token: string | null;
  readonly isGuest: boolean;
}

/** The life to attach to, which expects it, or what to answer instead. */
export type Found = { readonly life: Life } | { readonly reply: Exclude<AttachReply, { kind: "attached" }> };

/** Devices on so many servers at once. */
const MOST_LIVES = 64;
/** No other is opened for a guest from then on: room is left for the agent's own user. */
const MOST_OF_GUESTS = 32;
/** Folders of devices from which on no new one is made for a guest: anybody in the group may name any server, and what is made stays. */
const MOST_FOLDERS_FOR_GUESTS = 64;
/** Of those that are opened before a face asks. */
const MOST_KNOWN = 16;
/** Milliseconds: whoever runs one command after another finds the same life. */
const TIDY_AFTER = 10_000;
/** Milliseconds for which a server's answer counts: after that another server may be there; before that, asking for a name twice asks the server once. */
const BELIEVED = 30_000;

/** All lives of this agent, each opened when the first face wants it. */
export class Lives {
  readonly #options: LivesOptions;
  readonly #lives = new Map<string, Promise<Life>>();
  /** How each is opened anew. */
  readonly #starts = new Map<string, () => Promise<Life>>();
  /** Those that were opened without a face. */
  readonly #stays = new Set<string>();
  #tidying: NodeJS.Timeout | undefined;
  readonly #probes = new Map<string, Promise<Probed>>();

  constructor(options: LivesOptions) {
    this.#options = options;
  }

  async find({ server, name, suggested, token, isGuest = false }: Wanted): Promise<Found> {
    const { servers } = this.#options;
    const kept = servers.find(server, name);
    const isDefault = name === null;
    if (kept !== null && !servers.isReplaced(server))
      return await this.#enter(server, kept.known, [kept.name], { isNamed: true, isDefault, token, isGuest });
    const probed = await this.#probe(server);
    const before = servers.idAt(server);
    if (probed.kind === "frames" && before !== null) {
      const isReplaced = probed.known.server.id !== before;
      servers.setReplaced(server, isReplaced);
      if (isReplaced) return { reply: { kind: "another-server", text: anotherServer(server) } };
    }
    // The device waits for its own server, and says nothing to another.
    if (kept !== null)
      return await this.#enter(server, kept.known, [kept.name], { isNamed: true, isDefault, token, isGuest });
    // What could seal once is not written to in the open because it says that it can't.
    if (probed.kind === "classic-only" && before !== null)
      return { reply: { kind: "another-server", text: anotherServer(server) } };
    if (probed.kind === "failed") return { reply: { kind: "server", end: probed.end } };
    if (probed.kind === "classic-only") return { reply: probed };
    // A device under a name that no server of ours takes would be made in vain.
    if (name !== null && !isName(name))
      return { reply: { kind: "server", end: { kind: "refused", error: { reason: "invalid-name" } } } };
    const names = name === null ? suggested : [name];
    return names.length === 0
      ? { reply: { kind: "name-needed" } }
      : await this.#enter(server, probed.known, names, { isNamed: name !== null, isDefault, token, isGuest });
  }

  /** The person says that whatever answers there now is right. What devices keep of the former server stays. */
  forget(server: ServerAddress): "forgotten" | "unknown" {
    const { servers } = this.#options;
    const before = servers.idAt(server);
    servers.forget(server);
    this.#probes.delete(formatAddress(server));
    return before === null ? "unknown" : "forgotten";
  }

  async status(): Promise<AgentStatus["devices"]> {
    const lives = await this.#all();
    return await Promise.all(
      lives.map(async ({ key, life }) => ({
        address: formatAddress(life.address),
        name: life.chat.me,
        identity: key,
        state: life.state,
        standing: life.chat.standing.kind,
        faces: life.faces,
        waiting: await life.waiting(),
      })),
    );
  }

  /** This life has ended, and its device is another one now: it goes on at once. */
  async revive(ended: Life): Promise<void> {
    for (const { key, life } of await this.#all()) {
      const start = this.#starts.get(key);
      if (life !== ended || start === undefined || life.state.kind !== "ended") continue;
      life.dismiss();
      const opening = this.#restarted(Promise.resolve(life), start);
      this.#lives.set(key, opening);
      opening.catch(() => {
        if (this.#lives.get(key) === opening) this.#lives.delete(key);
      });
      await opening.catch((error: unknown) => this.#options.log(String(error)));
    }
  }

  /** Whether anything waits to be sent anywhere, or a device may come that was invited. */
  async isWaiting(): Promise<boolean> {
    const lives = await this.#all();
    const awaited = await Promise.all(lives.map(async ({ life }) => await life.isAwaited()));
    if (awaited.includes(true)) return true;
    const waiting = await Promise.all(lives.map(async ({ life }) => await life.waiting()));
    return waiting.some((count) => count !== 0);
  }

  /** The machine slept: connections that did not outlive it show when something is asked on them. */
  async awake(): Promise<void> {
    const lives = await this.#all();
    for (const { life } of lives) {
      life.hurry();
      void life.chat.people();
    }
  }

  /** As after an earlier agent: the devices that have been used last are there before anybody asks for them. */
  async openKnown(): Promise<void> {
    for (const { server, device } of this.#options.servers.all().slice(0, MOST_KNOWN)) {
      const key = deviceKey(device);
      if (this.#lives.has(key)) continue;
      this.#stays.add(key);
      await this.#open(server, device, { isNamed: true, isDefault: false, token: null, isGuest: false }).catch(
        (error: unknown) => {
          this.#options.log(`${formatAddress(server)}: ${String(error)}`);
        },
      );
    }
  }

  /** Soon after a face has left: what it began in vain doesn't stay. */
  tidySoon(): void {
    clearTimeout(this.#tidying);
    this.#tidying = setTimeout(() => void this.#tidy(), this.#options.tidyAfter ?? TIDY_AFTER).unref();
  }

  async #tidy(): Promise<void> {
    for (const { key, life } of await this.#all()) {
      if (this.#stays.has(key) || !life.isIdle || (await life.waiting()) !== 0) continue;
      // Somebody may have come while the store was asked.
      if (!life.isIdle) continue;
      this.#lives.delete(key);
      await life.close();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#tidying);
    const lives = await this.#all();
    await Promise.all(lives.map(async ({ life }) => await life.close()));
  }

  async #all(): Promise<readonly { readonly key: string; readonly life: Life }[]> {
    const opened = await Promise.all(
      [...this.#lives].map(async ([key, life]) => ({ key, life: await life.catch(() => null) })),
    );
    return opened.flatMap(({ key, life }) => (life === null ? [] : [{ key, life }]));
  }

  /** Under the first of these names that is free. */
  async #enter(
    server: ServerAddress,
    known: KnownDevice["known"],
    names: readonly string[],
    given: Given,
  ): Promise<Found> {
    const [name, ...others] = names;
    if (name === undefined) return { reply: { kind: "name-needed" } };
    const device = { known, name };
    let life: Life;
    try {
      life = await this.#open(server, device, given);
      life.expect();
    } catch (error) {
      if (error instanceof TooMany) return { reply: { kind: "busy", text: TOO_MANY } };
      if (error instanceof TooManyFolders) return { reply: { kind: "busy", text: tooManyFolders(error.folder) } };
      if (!(error instanceof AgentStoreError)) throw error;
      this.#options.log(`${formatAddress(server)}: ${error.message}`);
      return { reply: { kind: "folder", text: error.message } };
    }
    if (others.length > 0) {
      const state = await life.chat.online();
      if (state.kind === "ended" && isAnothers(state.cause, known)) {
        life.expectNoMore();
        this.#lives.delete(deviceKey(device));
        await life.close();
        return await this.#enter(server, known, others, given);
      }
    }
    // A way that somebody asks for now is most likely one that works.
    if (life.state.kind !== "online") {
      life.address = server;
      life.hurry();
    }
    void this.#remember(server, device, { life, isDefault: given.isDefault });
    return { life };
  }

  /** Once the server has taken this device, it is there without asking the server first. */
  async #remember(
    server: ServerAddress,
    device: KnownDevice,
    { life, isDefault }: { readonly life: Life; readonly isDefault: boolean },
  ): Promise<void> {
    const { servers } = this.#options;
    if (servers.find(server, device.name) === null && !(await isTaken(life))) return;
    servers.keep(server, device, isDefault || (await this.#isDefaultWaiting(server)));
  }

  /** The name that is meant where none is said waits to be confirmed: whoever says another one has done with it. */
  async #isDefaultWaiting(server: ServerAddress): Promise<boolean> {
    const first = this.#options.servers.find(server, null);
    const life = first === null ? null : await this.#lives.get(deviceKey(first))?.catch(() => null);
    return life?.chat.standing.kind === "pending";
  }

  async #open(server: ServerAddress, device: KnownDevice, given: Given): Promise<Life> {
    const key = deviceKey(device);
    const before = this.#lives.get(key);
    const most = given.isGuest ? MOST_OF_GUESTS : MOST_LIVES;
    if (before === undefined && this.#lives.size >= most) throw new TooMany();
    if (given.isGuest && before === undefined) this.#admitFolder(device);
    const start = async () => await this.#start(server, device, given);
    const opening = before === undefined ? start() : this.#restarted(before, start);
    this.#lives.set(key, opening);
    this.#starts.set(key, start);
    opening.catch(() => {
      if (this.#lives.get(key) === opening) this.#lives.delete(key);
    });
    const life = await opening;
    if (before !== undefined && given.token !== null) await life.useToken(given.token);
    return life;
  }

  /** Throws where this guest's device would be a new one, and one too many. */
  #admitFolder({ known, name }: KnownDevice): void {
    const devices = join(this.#options.folder, "devices");
    const folders = existsSync(devices) ? readdirSync(devices) : [];
    if (folders.length >= MOST_FOLDERS_FOR_GUESTS && !folders.includes(fileName(known, name)))
      throw new TooManyFolders(devices);
  }

  /** One that has ended (banned, kicked, replaced) is tried afresh by whoever comes next. */
  async #restarted(before: Promise<Life>, start: () => Promise<Life>): Promise<Life> {
    const life = await before;
    if (life.state.kind !== "ended") return life;
    await life.close();
    return await start();
  }

  async #start(server: ServerAddress, { known, name }: KnownDevice, { isNamed, token }: Given): Promise<Life> {
    const { folder, owner = null, open, servers, log } = this.#options;
    const own = fileName(known, name);
    let life: Life | null = null;
    let moved: string | null = null;
    const device = await open({
      where: () => life?.address ?? server,
      known,
      name,
      isNamed,
      token,
      folder: join(folder, "devices", own),
      keyFile: join(folder, "keys", `${own}.key`),
      owner,
      notAtHome: (id) => {
        const address = life?.address ?? server;
        log(`${formatAddress(address)} is another server, or we are somebody else there`);
        this.#probes.delete(formatAddress(address));
        if (id === known.server.id) servers.forgetDevices(address);
        // Else the person has said so already, and it is this device that is of the former one.
        else if (servers.idAt(address) !== id) servers.setReplaced(address, true);
        moved = id === known.server.id ? SOMEBODY_ELSE : anotherServer(address);
        life?.moved(moved);
      },
    });
    life = new Life(server, device);
    if (moved !== null) life.moved(moved);
    return life;
  }

  /** All who ask at the same time ask once. */
  async #probe(server: ServerAddress): Promise<Probed> {
    const address = formatAddress(server);
    let probed = this.#probes.get(address);
    if (probed === undefined) {
      probed = probe(server, this.#options.reach, this.#options.probeTimeout);
      this.#probes.set(address, probed);
      const { kind } = await probed;
      const forget = () => this.#probes.delete(address);
      if (kind === "failed") forget();
      else setTimeout(forget, BELIEVED).unref();
    }
    return await probed;
  }
}

const TOO_MANY = `The agent is on as many servers as it can be. Stop it (pad agent stop) to begin with others.`;

/** As servers of ours have it. */
function isName(word: string): boolean {
  return /^[A-Za-z0-9._-]{1,32}$/.test(word) && word.toUpperCase() !== "ALL";
}

const SOMEBODY_ELSE = "You are somebody else there than before. Start again, and you begin anew there.";

function anotherServer(server: ServerAddress): string {
  const address = formatAddress(server);
  return `${address} is another server than before. If it was set up anew on purpose: pad agent forget ${address}, then try again. If not, somebody else answers there.`;
}

/** Somebody else's, who is there or has a device that proves it. Without a tailnet a name is its first device's person. */
function isAnothers(cause: EndCause, { you }: KnownDevice["known"]): boolean {
  if (cause.kind !== "refused") return false;
  const { reason } = cause.error;
  return (
    reason === "name-taken" || reason === "name-has-key" || (reason === "device-not-confirmed" && you.owner === null)
  );
}

/** Whether the server has taken the device, or knows it as one that waits. False: it never will. */
async function isTaken({ chat }: Life): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const look = () => {
    if (chat.state.kind === "online" || chat.standing.kind === "pending") resolve(true);
    else if (chat.state.kind === "ended") resolve(false);
  };
  const stop = chat.onEvent(look);
  look();
  const is = await promise;
  stop();
  return is;
}

class TooMany extends Error {}

class TooManyFolders extends Error {
  readonly folder: string;

  constructor(folder: string) {
    super("too many folders of devices");
    this.folder = folder;
  }
}

/** For a guest, and for whoever runs the agent, who is told by a guest. */
function tooManyFolders(folder: string): string {
  return `This shared agent has been on ${MOST_FOLDERS_FOR_GUESTS} servers or under as many names, and begins on no other one for its group. Use a server that it knows; or ask whoever runs the agent to begin there as its own user, or to stop it and remove from ${folder} what is no longer used.`;
}

/** For a device's folder and key: tells server and identity, in characters that every file system takes and tells apart. */
function fileName(known: KnownDevice["known"], name: string): string {
  const { kind, identity } = ownerOf(known, name);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return `${Buffer.from(known.server.id, "base64url").toString("hex")}-${kind}-${hash}`;
}
