import { isSameName } from "../../client/index.ts";
import type { ChatMessage, Conversation as Talk, Device, Member, Outcome, Reply, Room, SealedChat } from "../../client/index.ts"; // prettier-ignore
import type { Intent } from "../commands/intent.ts";
import type { Submitted } from "./chat.ts";
import { visibleLine, visibleName } from "../../text/visible.ts";
import { explainFailure, NOT_SEEN, stepsFor } from "../explain.ts";
import { numberLines, whatOfIt, whoItIs } from "../safety-number.ts";
import { senderOf } from "../sender.ts";
import type { Messaging } from "./messaging.ts";
import type { ChatPorts } from "./ports.ts";
import type { Conversation, Entry, Message, Sealed } from "./snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** Commands that need a chat that seals. */
export type SealedCommand = Extract<
  Intent,
  {
    kind:
      | "create"
      | "join"
      | "leave"
      | "invite"
      | "plain"
      | "edit"
      | "delete"
      | "reply"
      | "accept"
      | "verify"
      | "readers";
  }
>;

/** UTF-16 units of a found message that are told: one line, whatever is in it. */
const LONGEST_FOUND = 400;
/** Messages of the history that a search tells of. */
const MOST_FOUND = 20;

/** Does what commands ask of rooms, readers and sealed messages. */
export class SealedCommands {
  readonly #ports: ChatPorts;
  readonly #store: SnapshotStore;
  readonly #messaging: Messaging;
  readonly #opened: () => void;
  /** Titles of rooms that were listed last: those that one isn't in can be completed, too. */
  rooms: readonly string[] = [];
  /** Safety numbers as they were shown last, by the name that was asked for. */
  readonly #shownNumbers = new Map<string, string>();

  /** @param opened called when a conversation has been opened */
  constructor(ports: ChatPorts, store: SnapshotStore, messaging: Messaging, opened: () => void) {
    this.#opened = opened;
    this.#ports = ports;
    this.#store = store;
    this.#messaging = messaging;
  }

  run(command: SealedCommand, sealed: SealedChat): Submitted {
    return this.#run(command, sealed) ? "done" : "wrong";
  }

  /** False: it can't be done, and a note says why. */
  #run(command: SealedCommand, sealed: SealedChat): boolean {
    const { current } = this.#store.getSnapshot();
    switch (command.kind) {
      case "create":
        void this.#create(command.name, command.access, sealed);
        return true;
      case "join":
        void this.#enter(sealed.join(command.name));
        return true;
      case "plain":
        void this.#plain(command.person, sealed);
        return true;
      case "leave":
        return this.#leave(command.name, sealed);
      case "invite":
        return this.#inRoom(current) && this.#do(sealed.invite(current.id, command.person), `${command.person} is in ${current.title} now, and reads from here on.`); // prettier-ignore
      case "accept":
        return this.#accept(command.person, current, sealed);
      case "verify":
        void this.#verify(command.person, command.number, sealed);
        return true;
      case "readers":
        this.#store.note(readersOf(current));
        return true;
      case "edit":
        return this.#change(command.back, current, (id) => sealed.edit(current.id, id, command.text));
      case "delete":
        return this.#change(command.back, current, (id) => sealed.remove(current.id, id));
      case "reply":
        return this.#reply(command.back, command.text, current);
    }
  }

  /** What `/rooms`, `/members` and `/devices` tell. */
  async ask(question: "rooms" | "members" | "devices", sealed: SealedChat): Promise<void> {
    switch (question) {
      case "rooms": {
        const reply = await sealed.rooms();
        if (reply.kind === "answered") this.rooms = reply.value.map(({ title }) => title);
        return this.#tell(reply, roomsInWords);
      }
      case "members": {
        const { current } = this.#store.getSnapshot();
        if (!this.#inRoom(current)) return;
        return this.#tell(await sealed.members(current.id), (members) => membersInWords(current, members));
      }
      case "devices":
        return this.#tell(await sealed.devices(), devicesInWords);
    }
  }

  /** The conversation with a person, opened when it is known; `text` is said there, and told again where it can't be. */
  async direct(person: string, sealed: SealedChat, text: string | null): Promise<void> {
    const reply = await sealed.direct(person);
    if (reply.kind !== "answered") {
      const { title, serverReads } = this.#store.getSnapshot().current;
      const where = `${visibleLine(title)}${serverReads ? ", which the server reads" : ""}`;
      // What is typed next is not for that person's eyes alone.
      const lost = text === null ? ` You still write to ${where}.` : ` This was not sent to ${person}: ${text}`;
      const next = reply.kind === "held" ? ` Go there (/to ${person}). ${stepsFor(reply.hold, "/devices", "")}` : "";
      this.#store.note(this.#why(reply, person) + next + lost, "trouble");
      return;
    }
    this.#store.learn(reply.value);
    if (text === null) this.#open(reply.value);
    else if (this.#messaging.send(reply.value, text)) this.#store.note(`To ${reply.value.title}: ${text}`);
    else this.#store.note(`Not connected. This was not sent to ${person}: ${text}`, "trouble");
  }

  /** Messages of the whole history with these words, those that aren't shown above too. */
  async search(words: string, { id }: Conversation, sealed: SealedChat): Promise<void> {
    this.#tell(await sealed.search(words, id, MOST_FOUND), (found) =>
      found.length === 0
        ? `Nothing has "${words}" here, not even further back.`
        : [`With "${words}", the newest last:`, ...found.toReversed().map(foundLine)].join("\n"),
    );
  }

  /** Opens a room that this device was in once, for reading; it says why, where there is none. */
  async readLeft(title: string, sealed: SealedChat): Promise<void> {
    const reply = await sealed.rooms();
    const found = reply.kind === "answered" ? reply.value.find((one) => isSameName(one.title, title)) : undefined;
    const shown = visibleLine(title);
    if (found?.conversation === undefined || found.conversation === null) {
      this.#store.note(`You are not in ${shown}. /join ${shown} comes in, /rooms lists what there is.`, "trouble");
      return;
    }
    this.#store.learn(found.conversation);
    this.#open(found.conversation);
    const isOut = found.status === "not-a-member" || found.status === "removed";
    if (isOut) this.#store.note(`You are not in ${shown} now: this is what was said while this device was. /join ${shown} comes in again, if it is open or you are invited.`); // prettier-ignore
  }

  async #enter(entering: Promise<Reply<Talk>>): Promise<boolean> {
    const reply = await entering;
    if (reply.kind === "answered") {
      this.#store.learn(reply.value);
      this.#open(reply.value);
    } else this.#fail(reply);
    return reply.kind === "answered";
  }

  /** Says what comes next: a new room is empty. */
  async #create(name: string, access: "open" | "invite", sealed: SealedChat): Promise<void> {
    if (!(await this.#enter(sealed.createRoom(name, access)))) return;
    const who = access === "open" ? "whoever this server lets in can /join it" : "only who is invited comes in";
    this.#store.note(`You have made #${name}, and are alone in it: ${who}. /invite NAME brings somebody in.`);
  }

  /** Two conversations with one person stand in the list then: which is which is said where one writes. */
  async #plain(person: string, sealed: SealedChat): Promise<void> {
    if (!(await this.#enter(sealed.allowPlain(person)))) return;
    const { current } = this.#store.getSnapshot();
    const { title } = current;
    const other = sealed.named(title)?.kind === "sealed-direct" ? ` The one with the closed lock is sealed: /to ${title} goes there.` : ""; // prettier-ignore
    this.#store.note(`In this conversation the server can read what you and ${title} write.${other}`);
  }

  #open({ id }: Talk): void {
    this.#store.open(id);
    this.#messaging.looked(id);
    this.#opened();
  }

  #leave(name: string, sealed: SealedChat): boolean {
    const { current } = this.#store.getSnapshot();
    const room = name === "" ? current : sealed.named(`#${name}`);
    if (room === null) {
      this.#store.note(`You are not in a room called #${name}.`, "trouble");
      return false;
    }
    return this.#inRoom(room) && this.#do(sealed.leave(room.id), `You have left ${room.title}. What was said there stays here to be read: /close puts it away, /to ${room.title} brings it back.`); // prettier-ignore
  }

  #accept(person: string, current: Conversation, sealed: SealedChat): boolean {
    const { hold } = current;
    if (hold === null) {
      if (!this.#inRoom(current)) return false;
      if (person !== "") {
        this.#store.note(`Nothing of yours waits here, so there is nothing of ${person} to accept.`, "trouble");
        return false;
      }
      return this.#do(
        sealed.acceptReaders(current.id),
        `Nothing waits here. You have seen who reads: ${current.readers}.`,
      );
    }
    const isKey = hold.kind === "changed-key" || hold.kind === "remapped-name";
    const isNamed = hold.who.some((name) => name.toLowerCase() === person.toLowerCase());
    const isToGo = hold.kind === "removal-pending" || hold.kind === "removed-device";
    if (isToGo || (isKey && !isNamed) || (!isKey && person !== "" && !isNamed)) {
      this.#store.note(current.held ?? "", "trouble");
      return !isToGo && person === "";
    }
    return this.#do(sealed.acceptReaders(current.id), null);
  }

  /** What is said to be the same is what was shown: a key may have changed since. */
  async #verify(person: string, number: string, sealed: SealedChat): Promise<void> {
    if (number.trim() === "") return await this.#showNumber(person, sealed);
    const compared = number === "same" ? this.#shownNumbers.get(person.toLowerCase()) : number;
    if (compared === undefined) {
      this.#store.note(`Look at the number first: /verify ${person}`, "trouble");
      return;
    }
    const outcome = await sealed.confirmNumber(person, compared);
    if (outcome.kind === "taken")
      this.#store.note(`Remembered: the key of ${person} is the one that you have compared.`);
    else this.#store.note(this.#why(outcome, person), "trouble");
  }

  async #showNumber(person: string, sealed: SealedChat): Promise<void> {
    const reply = await sealed.safetyNumber(person);
    if (reply.kind !== "answered") {
      this.#store.note(this.#why(reply, person), "trouble");
      return;
    }
    const shown = reply.value;
    this.#shownNumbers.set(person.toLowerCase(), shown.number);
    const lines = [
      `You and ${whoItIs(shown)}:`,
      ...numberLines(shown.number),
      whatOfIt(shown, `/verify ${shown.name} same`),
    ];
    this.#store.note(lines.join("\n"), shown.isChanged ? "trouble" : "plain");
  }

  #change(back: number, current: Conversation, change: (message: string) => Promise<Outcome>): boolean {
    const own = nthFromEnd(current, back, ({ own: isOwn, sealed }) => isOwn && sealed.body === "text");
    if (own === null) return this.#none(current, "of your own");
    return this.#do(change(own.sealed.id), null);
  }

  #reply(back: number, text: string, current: Conversation): boolean {
    const other = nthFromEnd(current, back, ({ own, sealed }) => !own && sealed.body === "text");
    if (other === null) return this.#none(current, "of somebody else");
    return this.#messaging.send(current, text, other.sealed.id);
  }

  #none({ serverReads }: Conversation, whose: string): boolean {
    const why = serverReads ? "Nothing can be changed or answered where the server reads." : `There is no such message ${whose} here.`; // prettier-ignore
    this.#store.note(why, "trouble");
    return false;
  }

  #inRoom({ kind, title }: Pick<Talk, "kind" | "title">): boolean {
    if (kind === "sealed-room" || kind === "sealed-direct") return true;
    this.#store.note(`${title} is no room of members. /to #ROOM opens one, /create #ROOM makes one.`, "trouble");
    return false;
  }

  #do(doing: Promise<Outcome>, done: string | null): boolean {
    void this.#settle(doing, done);
    return true;
  }

  async #settle(doing: Promise<Outcome>, done: string | null): Promise<void> {
    const outcome = await doing;
    if (outcome.kind !== "taken") this.#fail(outcome);
    else if (done !== null) this.#store.note(done);
  }

  #tell<T>(reply: Reply<T>, words: (value: T) => string): void {
    if (reply.kind === "answered") this.#store.note(words(reply.value));
    else this.#fail(reply);
  }

  #fail(failure: Exclude<Reply<never>, { kind: "answered" }>): void {
    this.#ports.failed?.(failure);
    this.#store.note(explainFailure(failure, this.#ports.server), "trouble");
  }

  #why(failure: Exclude<Reply<never>, { kind: "answered" }>, person: string): string {
    this.#ports.failed?.(failure);
    const isNobody = failure.kind === "refused" && failure.error.reason === "recipient-not-found";
    return isNobody ? `Nobody called ${person} is known here.` : explainFailure(failure, this.#ports.server);
  }
}

type SealedMessage = Message & { readonly sealed: Sealed };

/** The how manieth message from the end that is such; null: there are fewer here. */
function nthFromEnd(
  { entries }: Conversation,
  back: number,
  isWanted: (message: SealedMessage) => boolean,
): SealedMessage | null {
  let left = back;
  for (let at = entries.length - 1; at >= 0; at -= 1) {
    const entry = entries[at];
    if (entry === undefined || !isSealed(entry) || !isWanted(entry)) continue;
    left -= 1;
    if (left === 0) return entry;
  }
  return null;
}

function isSealed(entry: Entry): entry is Entry & SealedMessage {
  return entry.kind === "message" && entry.sealed !== undefined;
}

function readersOf(current: Conversation): string {
  const now = `What is written here can be read by ${current.readers}.`;
  const last = current.entries.findLast((entry) => isSealed(entry) && isWord(entry.sealed));
  // Of some, from a file that was imported, who could read them isn't known.
  if (last === undefined || !isSealed(last) || last.sealed.readers.length === 0) return now;
  return `${now}\nThe last message, by ${senderOf(last)}, could be read by ${last.sealed.readers.map(visibleName).join(", ")}.`;
}

/** Who came and went, and what is missing, is no message of anybody's. */
function isWord({ body }: Sealed): boolean {
  return body === "text" || body === "deleted" || body === "unknown-kind" || body === "unreadable";
}

function roomsInWords(rooms: readonly Room[]): string {
  const lines = rooms.map(({ title, access, status, people }) => {
    const count = people === null ? "" : `, ${people} in it`;
    return `${visibleLine(title)}: ${access === "open" ? "open" : "by invitation"}${count}, ${STATUS[status]}`;
  });
  return lines.length === 0 ? "There are no rooms. /create #NAME makes one." : lines.join("\n");
}

const STATUS = {
  member: "you are in it",
  "not-a-member": "/join comes in",
  removed: "you were removed",
  closed: "it has ended and is being made anew",
  returning: "this device waits to be let back in by another one there",
} as const;

const LEVEL = {
  unverified: "the server says so",
  compared: "you have compared keys",
} as const;

const IN_TAILNET = { known: " (in your tailnet)", absent: ` (${NOT_SEEN})`, unknown: "" } as const;

function membersInWords(current: Conversation, members: readonly Member[]): string {
  const { title } = current;
  if (members.length === 0) {
    const isDirect = current.kind === "sealed-direct";
    const where = isDirect ? `the conversation with ${visibleName(title)}` : visibleLine(title);
    return `This device is not in ${where} now, and can't tell who is.`;
  }
  const lines = members.map(({ name, kind, identity, level, tailnet, devices, isSelf }) => {
    const who = kind === "name" ? "a name only" : `${kind} ${visibleLine(identity)}`;
    return `${visibleName(name)}${isSelf ? " (you)" : ""}: ${who}${IN_TAILNET[tailnet]}, ${LEVEL[level]}; on ${devices.map(labelInList).join(", ")}`;
  });
  return [`In ${visibleLine(title)}:`, ...lines].join("\n");
}

function devicesInWords(devices: readonly Device[]): string {
  const lines = devices.map(({ label, isThis, isOnline, status, lastSeen, code }) => {
    const unseen = isOnline === false ? ", has not come yet" : "";
    const seen = isOnline === true ? ", here now" : lastSeen === null ? unseen : `, seen last ${dateOf(lastSeen)}`;
    const shows = code === null ? "" : `, shows ${code}`;
    return `${labelInList(label)}${isThis ? " (this one)" : ""}: ${status}${seen}${shows}`;
  });
  const more = devices.length > 1 ? ["pad devices remove puts a lost one out."] : [];
  return ["Your devices:", ...lines, ...more].join("\n");
}

/** What a device is called by its person: in quotes where it could be taken for two, or for more than a label. */
function labelInList(label: string): string {
  return /^[\w.' -]*$/.test(label) ? label : `"${visibleLine(label)}"`;
}

function foundLine(found: ChatMessage): string {
  const { at, text } = found;
  return `${dateOf(at)} ${senderOf(found)}: ${visibleLine(text, LONGEST_FOUND)}`;
}

/** Here, as `2026-11-27 12:34`. */
function dateOf(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "at an unknown time";
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
