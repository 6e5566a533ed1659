import type { Failure, Member, Outcome, Reply, SafetyNumber } from "../../client/index.ts";
import { readRecord } from "../../mls/identity/device-record.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { safetyNumber } from "../../mls/identity/safety-number.ts";
import type { Keyed } from "../../mls/identity/safety-number.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { KnownPeople } from "../device/known-people.ts";
import { toText } from "../delivery/base64url.ts";
import { hex } from "../storage/hex.ts";
import { OFFLINE, refusedFor, TAKEN } from "./failures.ts";
import type { ChatState } from "./state.ts";

/** Who one compares with, and the keys that the number is made of. */
interface Pair {
  readonly own: Keyed;
  readonly other: Keyed;
  readonly people: KnownPeople;
  /** What is pinned as the other's. */
  readonly known: Uint8Array | null;
  /** They show another key than the one that this device knows, and the number is of that one. */
  readonly isChanged: boolean;
}

/** Safety numbers: what two people compare so that no server can stand between them. */
export class Numbers {
  readonly #state: ChatState;

  constructor(state: ChatState) {
    this.#state = state;
  }

  async show(person: string): Promise<Reply<SafetyNumber>> {
    const pair = await this.#pair(person);
    if (!("own" in pair)) return pair;
    const { own, other, people, isChanged } = pair;
    const who = whoKey(other.who);
    await this.#state.look([who]);
    const { tailnet, label } = this.#state.marks.seen(who);
    return {
      kind: "answered",
      value: {
        name: this.#state.names.nameOf(who),
        kind: other.who.kind,
        identity: label ?? this.#state.names.loginOf(who),
        number: safetyNumber(own, other),
        level: isChanged ? "unverified" : levelOf(people, who),
        tailnet,
        isChanged,
      },
    };
  }

  /** Only what was compared counts: with another number, since the key is another one now or it was read wrongly, nothing is taken. */
  async compared(person: string, number: string): Promise<Outcome> {
    const pair = await this.#pair(person);
    if (!("own" in pair)) return pair;
    const { own, other, known } = pair;
    if (number.replaceAll(/\D/g, "") !== safetyNumber(own, other)) return refusedFor({ reason: "other-number" });
    const isTaken = await this.#state.runtime.compared(other, known);
    return isTaken ? TAKEN : refusedFor({ reason: "other-number" });
  }

  async #pair(person: string): Promise<Pair | Failure> {
    const self = await this.#state.runtime.self();
    if (self === null) return OFFLINE;
    const { people, device } = self;
    const who = people.named(person);
    if (who === null) {
      return refusedFor({ reason: this.#state.names.find(person) === null ? "recipient-not-found" : "not-met" });
    }
    const read = readRecord(device.record, signingKeyOf(device.seed).publicKey);
    if (!read.ok) return OFFLINE;
    if (whoKey(read.record) === whoKey(who)) return { kind: "not-sent", why: "invalid-recipient" };
    const { server, kind, identity } = read.record;
    const own = { who: { server, kind, identity }, userKey: read.record.userKey };
    const known = people.keyOf(whoKey(who));
    const changed = await this.#changedKey(who, people);
    const userKey = changed ?? known;
    if (userKey === null) return refusedFor({ reason: "not-met" });
    return { own, other: { who, userKey }, people, known, isChanged: changed !== null };
  }

  /** The one key that they show now and that isn't the known one. Of several, which is theirs nobody can say: none. */
  async #changedKey(who: Who, people: KnownPeople): Promise<Uint8Array | null> {
    return (await this.#shownKey(who, people)) ?? (await this.#listedKey(who, people));
  }

  /** That of whoever is in no conversation with this device now, as after they have begun anew, the server alone can say. */
  async #listedKey(who: Who, people: KnownPeople): Promise<Uint8Array | null> {
    const { runtime } = this.#state;
    const key = whoKey(who);
    const isReader = [...this.#state.talks.values()].some(({ readers }) => readers.includes(key));
    const name = people.nameOf(key);
    if (isReader || name === null || runtime.client.state.kind !== "online") return null;
    const listed = await runtime.listedKey(who, name);
    return listed === null || people.isTheirs(key, toText(listed)) ? null : listed;
  }

  async #shownKey(who: Who, people: KnownPeople): Promise<Uint8Array | null> {
    const key = whoKey(who);
    const talks = [...this.#state.talks.values()].filter(({ readers }) => readers.includes(key));
    const shown = new Map<string, Uint8Array>();
    for (const { key: conversation, members } of talks) {
      const session = members.length > 0 ? null : await this.#state.runtime.session(conversation);
      for (const member of session === null ? members : (await session.look()).members) {
        if (member.who !== key || people.blocks(member) !== "changed-key") continue;
        shown.set(hex(member.userKey), member.userKey);
      }
    }
    const [first, ...others] = shown.values();
    return first === undefined || others.length > 0 ? null : first;
  }
}

function levelOf(people: KnownPeople, who: string): Member["level"] {
  return people.level(who) ?? "unverified";
}
