import type { GroupEvent } from "../group-sessions/events.ts";
import type { DiskState } from "../runtime/own-disk.ts";
import type { RuntimeEvent } from "../runtime/runtime.ts";
import type { Change } from "../storage/changes.ts";
import type { HistoryRow } from "../storage/kept.ts";
import type { Sending } from "./sending.ts";
import type { ChatState } from "./state.ts";
import { titleOf } from "./talk.ts";
import type { Talk } from "./talk.ts";
import { hex } from "../storage/hex.ts";

/** Rows that are read and told at once. */
const BATCH = 256;
/** Own messages that are told anew when everybody has them; those further back show it when they are paged. */
const MOST_DELIVERED = 200;
/** In milliseconds. */
const KEEP_AFTER = 2_000;
/** Reached numbers of groups that aren't known yet. */
const MOST_EARLY = 1000;

/** What the runtime tells, as what faces hear. History is told from the disk, in its order, each row once. */
export class News {
  readonly #state: ChatState;
  readonly #sending: Sending;
  readonly #failed: (error: unknown) => void;
  readonly #early = new Map<string, number>();
  readonly #unkept = new Map<string, { readonly group: Uint8Array; readonly number: number }>();
  #keeping: NodeJS.Timeout | null = null;
  #telling: Promise<void> | null = null;
  #isMore = false;

  constructor(state: ChatState, sending: Sending, failed: (error: unknown) => void) {
    this.#state = state;
    this.#sending = sending;
    this.#failed = failed;
  }

  async hear(event: RuntimeEvent): Promise<void> {
    switch (event.kind) {
      case "group":
        if (event.conversation === "") return;
        await this.#group(this.#state.ensure(event.conversation), event.group, event.event);
        return;
      case "standing": {
        const talk = this.#state.talks.get(event.conversation);
        if (talk === undefined) return;
        const { standing } = event;
        // Who holds messages is told with what the own tailnet knows of them.
        if (standing.kind === "held") await this.#state.look(standing.holds.flatMap(({ who }) => who));
        this.#sending.standing(talk, standing);
        return;
      }
      case "reached":
        await this.#reached(event.group, event.number);
        return;
      case "continued":
        this.tellRows();
        return;
      case "stuck": {
        const { title } = this.#state.conversation(this.#state.ensure(event.conversation));
        const text = `${title} has stopped here: what the server shows of it isn't what this device has read, or somebody has changed it in a way that can't be taken. It goes on in a new group as soon as the server has heard that of a second person; until then nothing is sent there.`;
        this.#state.tell({ kind: "word", text });
        return;
      }
      case "device-replaced": {
        const text =
          "This device's state is an older one than the server knows (copied, or brought back from a backup): a new device of yours has taken its place. It comes back into open rooms by itself, into other conversations as soon as another device there is online.";
        this.#state.tell({ kind: "word", text });
        await this.#waitForReturn();
        return;
      }
      case "own-key-changed": {
        const text =
          "The server says that you have another user key than this device knows, and none of your devices has said so in a room that this one is in. This device stays with its own. Look at your other devices: pad devices; if you have begun anew with one of them, make this one new, too: pad devices new.";
        this.#state.tell({ kind: "word", text });
        return;
      }
      case "server-restored": {
        const text =
          "The server was restored from a backup. What it lost of sealed conversations is sent again by whoever wrote it.";
        this.#state.tell({ kind: "word", text });
        return;
      }
      case "server-storing": {
        const text = event.stores
          ? "The server stores messages again: what waited goes out."
          : "The server can't store messages now: most likely its disk is full, or can't be written. Yours wait here and go out by themselves when it can; tell whoever runs it, whom its log tells more.";
        this.#state.tell({ kind: "word", text });
        return;
      }
      case "own-disk": {
        this.#state.tell({ kind: "word", text: wordOf(event.disk) });
        return;
      }
      case "misplaced": {
        const what = event.conversation.startsWith("direct:") ? "a direct conversation" : titleOf(event.conversation);
        this.#state.tell({ kind: "word", text: `Not let in: the server offered as ${what} ${event.why}.` });
        return;
      }
      case "client":
        if (event.event.kind === "welcomed") await this.#state.learnSelf();
        return;
      // What devices.ts hears.
      case "own-standing":
      case "device-waits":
      case "own-devices":
      case "not-at-home":
      case "failed":
      // Whoever runs the device hears of it.
    }
  }

  /** Resolves when all that is on the disk has been told. */
  async told(): Promise<void> {
    await this.#telling;
  }

  async #group(talk: Talk, group: Uint8Array, event: GroupEvent): Promise<void> {
    switch (event.kind) {
      case "entry":
      case "stored":
        this.tellRows();
        return;
      case "members": {
        await this.#takeGroup(talk, group);
        talk.access = event.access;
        talk.readers = event.readers;
        talk.members = event.members;
        await this.#learn(event.readers);
        this.#state.changed(talk);
        // Whoever was brought in has a line that says so.
        this.tellRows();
        return;
      }
      case "joined":
        await this.#takeGroup(talk, group);
        this.#state.changed(talk);
        return;
      case "refused":
        this.#sending.refused(talk, event.messageId, event.why);
        return;
      case "removed":
      case "stopped":
        if (talk.group !== null && !Buffer.from(talk.group).equals(group)) return;
        talk.status = event.kind;
        talk.stopped = event.kind === "stopped" ? event.cause : null;
        talk.readers = [];
        talk.members = [];
        this.#state.changed(talk);
        if (event.kind === "removed") this.#sending.over(talk);
    }
  }

  /** What the server calls readers who have no name yet. */
  async #learn(readers: readonly string[]): Promise<void> {
    const { names, runtime } = this.#state;
    if (await runtime.learn(names.nameless(readers))) this.allChanged();
  }

  /** As the store has them now: the new device is in none of them yet. */
  async #waitForReturn(): Promise<void> {
    const { groups } = await this.#state.store.load();
    for (const { id, status, stopped } of groups) {
      const talk = this.#state.ofGroup(id);
      if (talk === null || stopped !== "rolled-back") continue;
      Object.assign(talk, { status, stopped, readers: [], members: [] });
      this.#state.changed(talk);
    }
  }

  async #takeGroup(talk: Talk, group: Uint8Array): Promise<void> {
    if (this.#state.own.who === "") await this.#state.learnSelf();
    talk.status = "active";
    talk.stopped = null;
    talk.notMade = null;
    if (talk.group !== null && Buffer.from(talk.group).equals(group)) return;
    talk.group = group;
    talk.reached = this.#early.get(hex(group)) ?? 0;
    this.#early.delete(hex(group));
  }

  /** Own messages up to there are delivered. */
  async #reached(group: Uint8Array, number: number): Promise<void> {
    const { store, own, messages } = this.#state;
    const talk = this.#state.ofGroup(group);
    if (talk === null) {
      if (this.#early.size < MOST_EARLY) this.#early.set(hex(group), number);
      return;
    }
    if (number <= talk.reached) return;
    const from = talk.reached;
    talk.reached = number;
    // Kept a moment later: it comes often, and a loss costs only that it is told again.
    this.#unkept.set(hex(group), { group, number });
    this.#keeping ??= setTimeout(() => void this.keepReached().catch(this.#failed), KEEP_AFTER).unref();
    const rows = await store.sentBetween(group, { device: own.id, from, to: number, limit: MOST_DELIVERED });
    for (const message of await messages.ofRows(talk, rows.toReversed())) this.#state.message(talk, message);
  }

  /** How far everybody has got, as it was told since the last time. */
  async keepReached(): Promise<void> {
    if (this.#keeping !== null) clearTimeout(this.#keeping);
    this.#keeping = null;
    const changes = Array.from(this.#unkept.values(), ({ group, number }): Change => {
      return { kind: "group-reached", group, number };
    });
    this.#unkept.clear();
    await this.#state.store.commit(changes);
  }

  /** A name is another than before: titles and readers may be, too. */
  allChanged(): void {
    for (const talk of this.#state.talks.values()) this.#state.changed(talk);
  }

  tellRows(): void {
    this.#isMore = true;
    this.#telling ??= this.#tellAll()
      .catch(this.#failed)
      .finally(() => {
        this.#telling = null;
        if (this.#isMore) this.tellRows();
      });
  }

  async #tellAll(): Promise<void> {
    const state = this.#state;
    while (this.#isMore) {
      this.#isMore = false;
      const rows = await state.store.news(state.lastPlace, BATCH);
      for (const row of rows) {
        await this.#tell(state.ensure(row.conversation), row);
        state.lastPlace = row.place;
      }
      if (rows.length === BATCH) this.#isMore = true;
    }
  }

  async #tell(talk: Talk, row: HistoryRow): Promise<void> {
    const { store, messages } = this.#state;
    const { entry, amended } = row;
    const isHidden = entry.kind === "members" && entry.came.toSorted().join() === entry.went.toSorted().join();
    // That they are readers now is told after the row that says how they came.
    if (entry.kind === "members") await this.#learn([...entry.came, entry.by]);
    for (const message of isHidden ? [] : await messages.ofRows(talk, [row])) this.#state.message(talk, message);
    if (entry.kind === "message" && entry.amends !== null && amended === "applied") {
      // The message that it changed is told again, in its place.
      const { device, messageId } = entry.amends;
      const changed = await store.message(talk.key, device, messageId);
      const isTheirs = changed?.entry.kind === "message" && changed.entry.who === entry.who;
      for (const message of changed === null || !isTheirs ? [] : await messages.ofRows(talk, [changed])) {
        this.#state.message(talk, message);
      }
    }
    this.#sending.stored(talk, row);
  }
}

function wordOf(disk: DiskState): string {
  if (disk.keeps) return "This device's own disk takes what comes again: what was said meanwhile follows.";
  const waits = "so you don't see what others write. It isn't lost: it waits on the server.";
  return disk.why === "full"
    ? `This device's own disk is full and keeps nothing more, ${waits} Free some space, and it goes on by itself.`
    : `This device's own disk can't be written, ${waits} Look at the disk (is it read-only?). It goes on by itself when it can be written; where it has to be mounted anew, run pad agent stop first.`;
}
