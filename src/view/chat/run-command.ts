import {
  isSameName,
  OPEN_ROOM_NAME,
  type Ban,
  type Conversation as Talk,
  type Failure,
  type Person,
  type Reply,
} from "../../client/index.ts";
import { help } from "../commands/help.ts";
import type { Intent, Question } from "../commands/intent.ts";
import { explainFailure } from "../explain.ts";
import { visibleLine } from "../../text/visible.ts";
import { findWords } from "./conversations.ts";
import type { Submitted } from "./chat.ts";
import type { ChatPorts } from "./ports.ts";
import type { Messaging } from "./messaging.ts";
import type { OwnDeviceNews } from "./own-devices.ts";
import { Preferences } from "./preferences.ts";
import { SealedCommands, type SealedCommand } from "./sealed-commands.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** What a written text asks for beyond being said. */
type Command = Exclude<Intent, { kind: "say" }>;

/** Does what commands ask for, and notes the answers in the current conversation. */
export class CommandRunner {
  readonly #ports: ChatPorts;
  readonly #store: SnapshotStore;
  readonly #messaging: Messaging;
  readonly #preferences: Preferences;
  readonly #sealed: SealedCommands;
  readonly #devices: OwnDeviceNews;
  readonly #opened: () => void;

  /** @param opened called when a conversation has been opened */
  constructor(
    ports: ChatPorts,
    store: SnapshotStore,
    messaging: Messaging,
    devices: OwnDeviceNews,
    opened: () => void,
  ) {
    this.#devices = devices;
    this.#ports = ports;
    this.#store = store;
    this.#messaging = messaging;
    this.#preferences = new Preferences(ports, store);
    this.#opened = opened;
    this.#sealed = new SealedCommands(ports, store, messaging, opened);
  }

  /** Titles of the rooms that were listed last. */
  get rooms(): readonly string[] {
    return this.#sealed.rooms;
  }

  run(command: Command): Submitted {
    switch (command.kind) {
      case "nothing":
        return "done";
      case "wrong":
        this.#store.note(command.why, "trouble");
        return "wrong";
      case "send":
        return this.#send(command.to, command.text);
      case "open":
        return this.open(command.id, { awaited: false });
      case "close":
        return this.#close(command.id);
      case "quit":
        void this.#ports.client.close();
        return "done";
      case "kick":
      case "ban":
        void this.#order(command.kind, command.id, command.reason);
        return "done";
      case "unban":
        void this.#order("unban", command.id, "");
        return "done";
      case "away":
        this.#away(command.text);
        return "done";
      case "ignore":
        this.#preferences.ignore(command.id);
        return "done";
      case "search":
        this.#search(command.words);
        return "done";
      case "clear":
        this.#store.updateCurrent((one) => ({ ...one, entries: [], bytes: 0, unreadFrom: null, search: null }));
        return "done";
      case "set":
        return this.#preferences.set(command.name, command.value) ? "done" : "wrong";
      case "help":
        this.#store.note(help(command.about, this.#store.getSnapshot().operator));
        return "done";
      case "ask":
        void this.#ask(command.question);
        return "done";
      case "confirm":
      case "dismiss":
        return this.#aboutDevices(command);
      case "create":
      case "join":
      case "leave":
      case "invite":
      case "plain":
      case "edit":
      case "delete":
      case "reply":
      case "accept":
      case "verify":
      case "readers":
        return this.#seal(command);
    }
  }

  /**
   * Opens the conversation of that name. Somebody who isn't here and with whom nothing was said yet can't be written to:
   * with them one is opened only for who says to wait for them (`awaited`). Where it can be sealed they need not be here.
   */
  open(words: string, { awaited }: { readonly awaited: boolean }): Submitted {
    const { sealed } = this.#ports;
    // While the server is away nobody can say whether there is more; what is known and sealed can be written in.
    if (sealed !== undefined && isPerson(words) && sealed.named(words)?.kind !== "sealed-direct") {
      void this.#sealed.direct(words, sealed, null);
      return "done";
    }
    const { arriving } = this.#devices;
    if (arriving !== null && words.startsWith("#") && sealed?.named(words) === null) {
      void arriving.then(() => this.open(words, { awaited }));
      return "done";
    }
    // A room that this device is out of isn't among those that it tells, and can be read all the same.
    if (sealed !== undefined && words.startsWith("#") && sealed.named(words) === null) {
      void this.#sealed.readLeft(words, sealed);
      return "done";
    }
    const talk = this.#named(words);
    if (talk === null) return "wrong";
    const { conversations, members } = this.#store.getSnapshot();
    // A conversation that is there already is called as its people write themselves.
    const isNew = !conversations.some(({ id }) => id === talk.id);
    const isHere = members === null || members.some((name) => isSameName(name, talk.title));
    const isAbsent = talk.kind === "classic-direct" && !isHere;
    const opens = !isAbsent || !isNew || awaited;
    if (opens) {
      if (isNew) this.#store.learn(talk);
      this.#store.open(talk.id);
      this.#messaging.looked(talk.id);
      this.#opened();
    }
    if (isAbsent) this.#store.note(`Nobody called ${talk.title} is here now. /who lists who is.`, "trouble");
    return opens ? "done" : "wrong";
  }

  #aboutDevices(command: Extract<Command, { kind: "confirm" | "dismiss" }>): Submitted {
    const { sealed } = this.#ports;
    if (sealed === undefined) {
      this.#store.note(NOT_SEALED, "trouble");
      return "wrong";
    }
    void (command.kind === "confirm"
      ? this.#devices.confirm(command.code, sealed)
      : this.#devices.dismiss(command.device, sealed));
    return "done";
  }

  #seal(command: SealedCommand): Submitted {
    const { sealed } = this.#ports;
    if (sealed !== undefined) return this.#sealed.run(command, sealed);
    if (command.kind === "readers") {
      this.#store.note(`What is written here can be read by ${this.#store.getSnapshot().current.readers}.`);
      return "done";
    }
    this.#store.note(NOT_SEALED, "trouble");
    return "wrong";
  }

  /** What goes elsewhere is noted here: the writer sees it go. */
  #send(to: string, text: string): Submitted {
    const { sealed } = this.#ports;
    if (sealed !== undefined && isPerson(to)) {
      void this.#sealed.direct(to, sealed, text);
      return "done";
    }
    const talk = this.#named(to);
    if (talk === null) return "wrong";
    if (!this.#messaging.send(talk, text)) return "kept";
    if (talk.id !== this.#store.getSnapshot().current.id) this.#store.note(`To ${talk.title}: ${text}`);
    return "done";
  }

  /** The conversation of that name, or the current one. */
  #close(words: string): Submitted {
    const { current } = this.#store.getSnapshot();
    const id = words === "" ? current.id : this.#named(words)?.id;
    if (id === undefined) return "wrong";
    const title = this.#store.getSnapshot().conversations.find((one) => one.id === id)?.title ?? words;
    if (this.#store.close(id)) return "done";
    this.#store.note(`${title} can't be closed; /quit leaves the chat.`, "trouble");
    return "wrong";
  }

  #named(words: string): Talk | null {
    const talk = this.#ports.client.named(words);
    if (talk !== null) return talk;
    const isRoom = words.startsWith("#") && this.#ports.sealed !== undefined;
    const isOnline = this.#store.getSnapshot().link.kind === "online";
    const why = isSameName(words, OPEN_ROOM_NAME) ? (isOnline ? NO_OPEN_ROOM : OPEN_ROOM_AWAY) : isRoom ? `You are not in ${words}. /join ${words} comes in, /rooms lists what there is.` : `${words} can't be anybody's name.`; // prettier-ignore
    this.#store.note(why, "trouble");
    return null;
  }

  async #ask(question: Question): Promise<void> {
    const { client, sealed } = this.#ports;
    switch (question) {
      case "rooms":
      case "members":
      case "devices":
        if (sealed === undefined) return void this.#store.note(NOT_SEALED, "trouble");
        return this.#sealed.ask(question, sealed);
      case "who":
        return this.#tell(await client.people(), (people) => `Here: ${visibleLine(namesOf(people).join(", "))}`);
      case "info":
        return this.#tell(await client.info(), ({ host, addresses, ids }) =>
          [aboutServer(host, addresses), ...(ids === null ? [] : [`Here: ${visibleLine(ids.join(", "))}`])].join("\n"),
        );
      case "server-info":
        return this.#tell(await client.serverInfo(), ({ host, addresses }) => aboutServer(host, addresses));
      case "server-help":
        return this.#tell(await client.help(), (entries) =>
          ["The server's own commands:", ...entries.map(({ usage, text }) => visibleLine(`${usage} - ${text}`))].join(
            "\n",
          ),
        );
      case "bans":
        return this.#tell(await client.bans(), bansInWords);
    }
  }

  async #order(kind: "kick" | "ban" | "unban", id: string, reason: string): Promise<void> {
    const { client } = this.#ports;
    const outcome =
      kind === "unban" ? await client.unban(id) : await client[kind](id, reason === "" ? undefined : reason);
    if (outcome.kind === "taken") this.#store.note(DONE[kind](id));
    else this.#fail(outcome);
  }

  #tell<T>(reply: Reply<T>, words: (value: T) => string): void {
    if (reply.kind === "answered") this.#store.note(words(reply.value));
    else this.#fail(reply);
  }

  #fail(failure: Failure): void {
    this.#ports.failed?.(failure);
    this.#store.note(explainFailure(failure, this.#ports.server), "trouble");
  }

  #away(text: string): void {
    const { away } = this.#store.getSnapshot();
    this.#messaging.leaveWord(text === "" ? null : text);
    if (text !== "")
      this.#store.note(`You are away: whoever writes to you is told once "${text}". /away alone ends it.`);
    else this.#store.note(away === null ? "You are not away. /away TEXT says that you are." : "You are back.");
  }

  #search(words: string): void {
    const { current } = this.#store.getSnapshot();
    const wanted = words || current.search?.words;
    if (wanted === undefined) {
      this.#store.note("Search for what? /search TEXT", "trouble");
      return;
    }
    const again = current.search?.words === wanted ? current.search.at : null;
    const found = findWords(current, wanted, again);
    const { sealed } = this.#ports;
    if (found === undefined && sealed !== undefined && !current.serverReads) {
      void this.#sealed.search(wanted, current, sealed);
      return;
    }
    if (found !== undefined) {
      this.#store.updateCurrent((one) => ({ ...one, search: { words: wanted, at: found.key } }));
    } else {
      this.#store.note(`Nothing${again === null ? "" : " older"} has "${wanted}" here.`);
    }
  }
}

const NO_OPEN_ROOM = "This server has no open room (ALL), only sealed ones: /rooms lists them.";
const OPEN_ROOM_AWAY = "The open room (ALL) is there only while the server is.";
const NOT_SEALED = "This server speaks the classic protocol, which has no rooms and can't seal.";

/** Not the open room, and no room. */
function isPerson(words: string): boolean {
  return !words.startsWith("#") && !isSameName(words, OPEN_ROOM_NAME);
}

const DONE = {
  kick: (id: string) => `${id} was kicked.`,
  ban: (id: string) => `${id} is banned.`,
  unban: (id: string) => `${id} is no longer banned.`,
};

/** Who can be talked to now. */
export function namesOf(people: readonly Person[]): readonly string[] {
  return people.filter(({ presence }) => presence !== "offline").map(({ name }) => name);
}

/** In one line, unless reasons were given, which are others' words: then each has a line, which nothing in them ends. */
function bansInWords(bans: readonly Ban[]): string {
  if (bans.length === 0) return "Nobody is banned.";
  if (bans.every(({ reason }) => reason === null))
    return `Banned: ${bans.map(({ name }) => visibleLine(name)).join(", ")}`;
  return ["Banned:", ...bans.map(({ name, reason }) => visibleLine(reason === null ? name : `${name}: ${reason}`))].join("\n"); // prettier-ignore
}

function aboutServer(host: string | null, addresses: readonly string[]): string {
  const where = addresses.map((address) => visibleLine(address)).join(", ");
  return `Server: ${visibleLine(host ?? "(it doesn't say)")}, at ${where || "no tailnet address"}`;
}
