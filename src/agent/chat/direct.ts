import { classicDirect } from "../../client/index.ts";
import type { Conversation, Failure, Reply } from "../../client/index.ts";
import { toText } from "../delivery/base64url.ts";
import { foldName } from "../../mls/identity/pins.ts";
import { failureOf, OFFLINE, refusedFor } from "./failures.ts";
import type { Rooms } from "./rooms.ts";
import type { Sending } from "./sending.ts";
import type { ChatState } from "./state.ts";
import { isGoingOn, otherWho } from "./talk.ts";
import type { Talk } from "./talk.ts";

/** As the server takes names at most; what they may hold, it says. */
const NAME = /^[^\s#]{1,64}$/;
const SEALED_ONLY: Failure = { kind: "not-sent", why: "sealed-only" };

/**
 * How one writes to a person: sealed, or so that the server can read it. Whoever was ever written to sealed, or is known to have a device,
 * is never written to the other way without an explicit word, whatever the server says of them now; and that is kept on the disk.
 */
export class Direct {
  readonly #state: ChatState;
  readonly #rooms: Rooms;
  readonly #sending: Sending;

  constructor(state: ChatState, rooms: Rooms, sending: Sending) {
    this.#state = state;
    this.#rooms = rooms;
    this.#sending = sending;
  }

  /** With whom there is a sealed one already. */
  known(person: string): Talk | null {
    const who = this.#state.names.whoIs(person);
    if (who === null) return null;
    for (const talk of this.#state.talks.values()) {
      if (talk.kind === "sealed-direct" && otherWho(talk, this.#state.own.server) === who) return talk;
    }
    return null;
  }

  async open(person: string): Promise<Reply<Conversation>> {
    if (!NAME.test(person)) return { kind: "not-sent", why: "invalid-recipient" };
    const { runtime, names } = this.#state;
    const known = this.known(person);
    // One without its other half is completed first.
    const isOnline = runtime.client.state.kind === "online";
    if (known !== null && isGoingOn(known) && (!isOnline || this.#isWhole(known))) {
      return { kind: "answered", value: this.#state.conversation(known) };
    }
    if (runtime.client.state.kind !== "online") return OFFLINE;
    const opened = await runtime.openDirect(person);
    if (opened.kind !== "failed") return await this.#rooms.made(opened);
    if (opened.why === "changed-key" || opened.why === "remapped-name") {
      // Made just now, it is there, with this device alone in it.
      const talk = this.known(person);
      if (talk !== null && opened.hold !== undefined) {
        return { kind: "held", hold: this.#sending.holdAbsent(talk, opened.hold) };
      }
      return { kind: "held", hold: { kind: opened.why, who: [person] } };
    }
    if (opened.why !== "no-device" && opened.why !== "no-key-package") {
      return opened.why === "place-taken" ? { kind: "not-sent", why: "busy" } : failureOf(opened);
    }
    if (opened.why === "no-key-package") return refusedFor({ reason: "no-device" });
    if ((await this.#wasSealed(person)) && !this.#isAllowed(person)) return SEALED_ONLY;
    return { kind: "answered", value: classicDirect(names.find(person)?.name ?? person) };
  }

  async allowPlain(person: string): Promise<Reply<Conversation>> {
    if (!NAME.test(person)) return { kind: "not-sent", why: "invalid-recipient" };
    await this.#state.store.commit([{ kind: "plain-allowed", name: foldName(person) }]);
    this.#state.plainAllowed.add(foldName(person));
    return { kind: "answered", value: classicDirect(this.#state.names.find(person)?.name ?? person) };
  }

  /** Why nothing may be sent to this person in plain text; `ask`: that takes a question to the server; null: nothing is against it, as far as is known here. */
  obstacle(person: string): Failure | "ask" | null {
    if (this.#isAllowed(person)) return null;
    const { names } = this.#state;
    const listed = names.find(person);
    if (listed?.hasDevice === true || this.known(person) !== null) return SEALED_ONLY;
    // By another name, whoever the server calls so may have been sealed to.
    const isUnknown = listed !== null && names.whoIs(person) === null && !names.mayHaveKey(listed.who);
    return isUnknown ? null : "ask";
  }

  /** The same, with what the server and the pins say of who bears the name now. */
  async obstacleNow(person: string): Promise<Failure | null> {
    const answer = await this.#state.runtime.client.request("look-up", { name: person });
    if (answer.kind !== "answered") return OFFLINE;
    if (answer.value.person !== null) this.#state.names.listed([answer.value.person]);
    const hasDevice = (answer.value.person?.devices.length ?? 0) > 0;
    return hasDevice || (await this.#wasSealed(person)) ? SEALED_ONLY : null;
  }

  /** A group with them, or a key of theirs that was seen anywhere. */
  async #wasSealed(person: string): Promise<boolean> {
    if (this.known(person) !== null) return true;
    const { names, runtime } = this.#state;
    // Whom the name was pinned to, and who bears it now: they may have been known by another name.
    const meant = [names.whoIs(person), names.find(person)?.who ?? null].filter((who) => who !== null);
    if (meant.length === 0) return false;
    const self = await runtime.self();
    // Without knowing, no.
    return self === null || meant.some((who) => self.people.level(who) !== null);
  }

  /** They are in it, with every device that the server lists for them: what is written before one is in, that one never reads. */
  #isWhole(talk: Talk): boolean {
    const who = otherWho(talk, this.#state.own.server);
    if (!talk.readers.includes(who)) return false;
    const present = new Set(talk.members.map(({ deviceId }) => toText(deviceId)));
    return this.#state.names.devicesOf(who).every((device) => present.has(device));
  }

  #isAllowed(person: string): boolean {
    return this.#state.plainAllowed.has(foldName(person));
  }
}
