import type { KnownPeople } from "../device/known-people.ts";
import { foldName } from "../../mls/identity/pins.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Person as FramePerson } from "../../wire/frames/people.ts";
import type { NamePin } from "../../mls/identity/pins.ts";

/** Names that are held in memory; a server has fewer people. */
const MOST_HELD = 10_000;

/** What the server says of somebody with a name. */
interface Listed {
  readonly name: string;
  readonly who: string;
  readonly hasDevice: boolean;
  readonly person: FramePerson;
}

/**
 * Who is called what. A name counts for whoever it led to first (a pin); who has none is called by their identity. So neither the server nor
 * a record that says so can give somebody else's words a name that is known already.
 */
export class Names {
  readonly #pinned = new Map<string, string>();
  readonly #listed = new Map<string, Listed>();
  #server: Uint8Array = new Uint8Array();
  #people: KnownPeople | null = null;

  /** Names that were pinned before. */
  begin(names: readonly NamePin[]): void {
    for (const { name, who } of names) {
      const key = whoKey(who);
      if (!this.#pinned.has(key)) this.#pinned.set(key, name);
    }
  }

  /** The pins as they are now, from now on. */
  use(people: KnownPeople, server: Uint8Array): void {
    this.#people = people;
    this.#server = server;
  }

  listed(people: readonly FramePerson[]): void {
    for (const person of people) {
      const { name, devices } = person;
      const folded = foldName(name);
      if (!this.#listed.has(folded) && this.#listed.size >= MOST_HELD) continue;
      this.#listed.set(folded, { name, who: this.#whoOf(person), hasDevice: devices.length > 0, person });
    }
  }

  /** Those of `people` whose names matter, since something is sealed to them, or may be. */
  toPin(people: readonly FramePerson[], isReader: (who: string) => boolean): readonly FramePerson[] {
    return people.filter((person) => person.devices.length > 0 || isReader(this.#whoOf(person)));
  }

  /** What the server calls these people, of whom no name is known yet. */
  nameless(readers: readonly string[]): readonly FramePerson[] {
    const without = new Set(readers.filter((who) => (this.#people?.nameOf(who) ?? null) === null));
    return without.size === 0
      ? []
      : [...this.#listed.values()].filter(({ who }) => without.has(who)).map(({ person }) => person);
  }

  nameOf(who: string): string {
    const pinned = this.#people === null ? this.#pinned.get(who) : this.#people.nameOf(who);
    return pinned ?? identityIn(who);
  }

  /** Their login, node or address as the server says, by who is behind their connections; what a record says of itself is no proof of it. */
  loginOf(who: string): string {
    for (const listed of this.#listed.values()) {
      if (listed.who === who && listed.person.label !== "") return listed.person.label;
    }
    return identityIn(who);
  }

  /** Whether the key by which they are known was compared with them. */
  isCompared(who: string): boolean {
    return this.#people?.level(who) === "compared";
  }

  /** Whether that key (in base64url) is the one that is known as theirs. */
  isKeyOf(who: string, userKey: string): boolean {
    return this.#people?.isTheirs(who, userKey) ?? false;
  }

  /** Whether a key of theirs was ever seen, as far as is known. */
  mayHaveKey(who: string): boolean {
    return this.#people === null || this.#people.level(who) !== null;
  }

  /** What the server lists of their devices, in base64url. */
  devicesOf(who: string): readonly string[] {
    for (const listed of this.#listed.values()) {
      if (listed.who === who) return listed.person.devices.map(({ device }) => device);
    }
    return [];
  }

  all(who: readonly string[]): readonly string[] {
    return who.map((each) => this.nameOf(each));
  }

  /** To whom this name is pinned (`whoKey`); null: to nobody yet. */
  whoIs(name: string): string | null {
    if (this.#people !== null) return keyOrNull(this.#people.named(name));
    const folded = foldName(name);
    return [...this.#pinned].find(([, pinned]) => foldName(pinned) === folded)?.[0] ?? null;
  }

  #whoOf({ owner }: FramePerson): string {
    return whoKey({ server: this.#server, ...owner });
  }

  /** What the server says of that name. */
  find(name: string): Listed | null {
    return this.#listed.get(foldName(name)) ?? null;
  }
}

function keyOrNull(who: Who | null): string | null {
  return who === null ? null : whoKey(who);
}

/** Of `server:kind:identity`: numbers and node ids say nothing without their kind. */
function identityIn(who: string): string {
  const [, kind = "", ...identity] = who.split(":");
  const named = identity.join(":");
  return kind === "person" || kind === "machine" ? `${kind} ${named}` : named;
}
