import type { Conversation, Member, Outcome, Reply, Room } from "../../client/index.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { Failed, Made } from "../runtime/rooms.ts";
import { failureOf, outcomeOf, refusedFor, TAKEN } from "./failures.ts";
import type { ChatState } from "./state.ts";
import { isGoingOn, titleOf } from "./talk.ts";
import type { Talk } from "./talk.ts";

/** A room's name as frames take it, without its `#`. */
const ROOM_NAME = /^[a-z0-9][a-z0-9._-]{0,31}$/i;

/** People write these for the room that all devices join, and for the open room, in whatever case; the server refuses them, too. */
const RESERVED: ReadonlySet<string> = new Set([EVERYONE, "all"]);

/** Rooms and who is in them. */
export class Rooms {
  readonly #state: ChatState;

  constructor(state: ChatState) {
    this.#state = state;
  }

  async list(): Promise<Reply<readonly Room[]>> {
    const own = [...this.#state.talks.values()].filter(
      ({ kind, status }) => kind === "sealed-room" && status !== "none",
    );
    const views = await this.#state.runtime.rooms();
    const others = "kind" in views ? [] : views;
    const known = new Set(own.map(({ key }) => titleOf(key)));
    const open = others.flatMap(({ place, access, ended }): Room[] => {
      const title = place.kind === "room" ? `#${place.name.toLowerCase()}` : "#everyone";
      if (place.kind === "direct" || ended || known.has(title)) return [];
      known.add(title);
      const isOpen = access === "open";
      return [{ title, access: isOpen ? "open" : "invite", status: "not-a-member", conversation: null, people: null }];
    });
    const rooms = [...own.map((talk) => this.#room(talk)), ...open];
    return { kind: "answered", value: rooms.toSorted((one, other) => ORDER.compare(one.title, other.title)) };
  }

  async create(name: string, access: "open" | "invite"): Promise<Reply<Conversation>> {
    if (!ROOM_NAME.test(name)) return refusedFor({ reason: "invalid-name" });
    if (RESERVED.has(name.toLowerCase())) return refusedFor({ reason: "room-name-reserved" });
    return await this.made(await this.#state.runtime.createRoom(name, access));
  }

  async join(name: string): Promise<Reply<Conversation>> {
    if (!ROOM_NAME.test(name)) return refusedFor({ reason: "invalid-name" });
    return await this.made(await this.#state.runtime.join(name));
  }

  async leave(talk: Talk): Promise<Outcome> {
    const left = await this.#state.runtime.leave(talk.key);
    return left.kind === "failed" ? failureOf(left) : TAKEN;
  }

  async invite(talk: Talk, person: string): Promise<Outcome> {
    return outcomeOf(await this.#state.runtime.invite(talk.key, person));
  }

  async members(talk: Talk): Promise<Reply<readonly Member[]>> {
    const session = await this.#state.runtime.session(talk.key);
    const people = session === null ? talk.members : (await session.look()).members;
    const self = await this.#state.runtime.self();
    const byWho = Map.groupBy(people, ({ who }) => who);
    await this.#state.look([...byWho.keys()]);
    const members = [...byWho].map(([who, [first, ...more]]): Member => {
      const devices = first === undefined ? [] : [first, ...more];
      const { tailnet, label } = this.#state.marks.seen(who);
      return {
        name: this.#state.names.nameOf(who),
        identity: label ?? this.#state.names.loginOf(who),
        kind: first?.identity.kind ?? "name",
        level: self?.people.level(who) ?? "unverified",
        tailnet,
        devices: devices.map(({ deviceLabel }) => deviceLabel),
        isSelf: who === this.#state.own.who,
      };
    });
    return { kind: "answered", value: members.toSorted((one, other) => ORDER.compare(one.name, other.name)) };
  }

  async made(made: Made | Failed): Promise<Reply<Conversation>> {
    if (made.kind === "failed") return failureOf(made);
    return { kind: "answered", value: this.#state.conversation(await this.#state.adopt(made.conversation)) };
  }

  #room(talk: Talk): Room {
    const isMember = isGoingOn(talk);
    return {
      title: titleOf(talk.key),
      access: talk.access === "open" ? "open" : "invite",
      status: isMember ? "member" : statusOf(talk),
      conversation: this.#state.conversation(talk),
      people: isMember ? talk.readers.length : null,
    };
  }
}

/** Of one that this device isn't in now: an open one can be come into again. */
function statusOf({ status, stopped, access }: Talk): Room["status"] {
  if (stopped === "rolled-back") return "returning";
  if (status === "stopped") return "closed";
  return access === "open" ? "not-a-member" : "removed";
}

const ORDER = new Intl.Collator("en", { sensitivity: "base" });
